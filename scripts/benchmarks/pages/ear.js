/**
 * Detects the beeps in the audio that the page plays, without changing the audio. `ear.take()`
 * returns the times at which the beeps left the loudspeaker, in ms of performance.now().
 *
 * The script reads a copy of the audio. The source of the copy is a video element's own audio, the
 * WebRTC track that the element plays, or everything that an AudioContext sends to its destination.
 * The delay from the source to the loudspeaker comes from a different API for each kind of source.
 */
(() => {
  const LOUD = 0.05; // of full scale
  const SILENCE = 200; // ms of silence before a beep; shorter silence is a zero crossing of the tone
  const LOOK = 250; // ms
  const PIECES = 51; // number of pieces of audio from which a delay is measured

  let beeps = [];
  const known = new WeakSet(); // tracks

  /**
   * @param {MediaStreamTrack} track
   * @param {(lateness: number) => number} output returns the ms from the timestamp of a piece of
   *   audio until the piece leaves the loudspeaker. `lateness`: ms from the timestamp of a piece
   *   until the piece arrives here
   */
  async function listen(track, output) {
    if (known.has(track)) return;
    known.add(track);
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    const lateness = [];
    let samples = new Float32Array(0);
    let loudAt = -Infinity;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const begins = value.timestamp / 1_000;
      lateness.push(performance.now() - begins);
      if (lateness.length > PIECES) lateness.shift();
      if (samples.length < value.numberOfFrames) samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      for (let n = 0; n < value.numberOfFrames; n++) {
        if (Math.abs(samples[n]) < LOUD) continue;
        const at = begins + (n * 1_000) / value.sampleRate;
        if (at - loudAt > SILENCE) beeps.push(at + output(median(lateness)));
        loudAt = at;
      }
      value.close();
    }
  }

  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode && this.context instanceof AudioContext) {
      const copy = new MediaStreamAudioDestinationNode(this.context);
      connect.call(this, copy);
      listen(copy.stream.getAudioTracks()[0], () => (this.context.outputLatency || 0) * 1_000);
    }
    return connect.call(this, to, ...more);
  };

  let copied = new MediaStream();

  function find() {
    const video = document.querySelector('video');
    if (!video || video.readyState < 2) return;
    if (video.srcObject instanceof MediaStream) {
      for (const track of video.srcObject.getAudioTracks()) listen(track, () => playout);
    } else if (!copied.getAudioTracks().some(({ readyState }) => readyState === 'live')) {
      copied = video.captureStream();
      // The frames of the copy are not used, and would cost more than the frames on the screen.
      copied.getVideoTracks().forEach((track) => track.stop());
      // The timestamp of a piece is the time of Chromium's request for the piece, minus the output
      // delay. The piece is audible one output delay after the request. This is two output delays
      // after the timestamp.
      for (const track of copied.getAudioTracks()) listen(track, (late) => 2 * late);
    }
  }

  /**
   * Time that WebRTC audio spends in the output buffer, ms (webrtc-stats, `media-playout`). The
   * timestamps of the audio do not include this delay.
   */
  let playout = 0;
  let counted = { totalPlayoutDelay: 0, totalSamplesCount: 0 };
  async function askPlayout() {
    const report = await window.connections?.made.at(-1)?.getStats();
    const now = [...(report?.values() ?? [])].find(({ type }) => type === 'media-playout');
    const samples = (now?.totalSamplesCount ?? 0) - counted.totalSamplesCount;
    if (!(samples > 0)) return;
    playout = ((now.totalPlayoutDelay - counted.totalPlayoutDelay) / samples) * 1_000;
    counted = now;
  }

  setInterval(find, LOOK);
  setInterval(askPlayout, 4 * LOOK);
  const take = () => {
    const taken = beeps;
    beeps = [];
    return taken;
  };
  Object.assign(window, { ear: { take, playout: () => playout } });
})();
