/**
 * Simulates a browser without transport-wide congestion control feedback. Removes this feedback
 * from the page's offers, which leaves REMB and the send time of each packet.
 */
(() => {
  const { createOffer } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createOffer = async function (...options) {
    const { type, sdp } = await createOffer.apply(this, options);
    const lines = sdp
      .split('\r\n')
      .filter((line) => !/^a=rtcp-fb:\d+ transport-cc|^a=extmap:.*transport-wide-cc/.test(line));
    return { type, sdp: lines.join('\r\n') };
  };
})();
