/**
 * The baseline: one browser sends its camera directly to another browser. The benchmark does the
 * signalling. This script contains both the sender and the receiver.
 */
(() => {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });

  const gathered = () =>
    new Promise((resolve) => {
      const check = () => pc.iceGatheringState === 'complete' && resolve(pc.localDescription.sdp);
      pc.addEventListener('icegatheringstatechange', check);
      check();
    });

  function show(stream, muted) {
    const video = Object.assign(document.createElement('video'), {
      autoplay: true,
      playsInline: true,
      muted,
      srcObject: stream,
    });
    video.style.cssText = 'position:fixed;inset:0;width:100%;height:100%;object-fit:contain';
    document.body.append(video);
    video.play();
  }

  /** Returns an SDP offer to send the camera with the studio's settings: H.264, 2.5 Mbps. */
  async function offer() {
    const stream = window.timecode.source();
    show(stream, true);
    for (const track of stream.getTracks()) {
      const video = track.kind === 'video';
      const encoding = { maxBitrate: 2_500_000, maxFramerate: 30 };
      const transceiver = pc.addTransceiver(track, {
        direction: 'sendonly',
        streams: [stream],
        ...(video && { sendEncodings: [encoding] }),
      });
      if (!video) continue;
      const { codecs } = RTCRtpSender.getCapabilities('video');
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /h264|rtx/i.test(mimeType)));
      const parameters = transceiver.sender.getParameters();
      parameters.degradationPreference = 'maintain-resolution';
      await transceiver.sender.setParameters(parameters);
    }
    await pc.setLocalDescription();
    return gathered();
  }

  async function answer(sdp) {
    pc.addEventListener(
      'track',
      ({ streams }) => document.querySelector('video') || show(streams[0], false),
    );
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription();
    return gathered();
  }

  const accept = (sdp) => pc.setRemoteDescription({ type: 'answer', sdp });

  /**
   * Returns the total energy of the received audio. The benchmark detects sound by this value,
   * because a video element that plays a peer connection does not count its decoded bytes.
   */
  const heard = async () =>
    [...(await pc.getStats()).values()].find(
      ({ type, kind }) => type === 'inbound-rtp' && kind === 'audio',
    )?.totalAudioEnergy ?? 0;

  Object.assign(window, { direct: { pc, offer, answer, accept, heard } });
})();
