/**
 * Simulates a browser without transport-wide congestion control feedback. Removes this feedback
 * from the page's offers. The offers still contain REMB and the header extension for the send time
 * of each packet.
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
