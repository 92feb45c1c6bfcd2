/**
 * Keeps a list of all peer connections of the page, so that the benchmark can read their
 * statistics.
 */
(() => {
  const made = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...options) {
      super(...options);
      made.push(this);
    }
  };
  /**
   * Returns the video statistics of the newest peer connection, such as target bitrate and bytes
   * sent.
   */
  const sent = async () => {
    const report = await made.at(-1)?.getStats();
    const video = [...(report?.values() ?? [])].find(
      ({ type, kind }) => type === 'outbound-rtp' && kind === 'video',
    );
    const {
      targetBitrate = 0,
      bytesSent = 0,
      framesEncoded = 0,
      frameWidth = 0,
      frameHeight = 0,
      qualityLimitationReason = '',
    } = video ?? {};
    return {
      at: performance.now(),
      targetBitrate,
      bytesSent,
      framesEncoded,
      frameWidth,
      frameHeight,
      qualityLimitationReason,
    };
  };
  /**
   * Returns the total energy of the audio that the newest peer connection has received. The
   * benchmark detects sound by this value, because a video element that plays a peer connection
   * does not count its decoded bytes.
   */
  const heard = async () => {
    const report = await made.at(-1)?.getStats();
    return (
      [...(report?.values() ?? [])].find(
        ({ type, kind }) => type === 'inbound-rtp' && kind === 'audio',
      )?.totalAudioEnergy ?? 0
    );
  };
  Object.assign(window, { connections: { made, sent, heard } });
})();
