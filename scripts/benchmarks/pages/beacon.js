/** Gives the page's own code a camera that films the time code, and a microphone that hears a beep of 100 ms at every full second. */
(() => {
  const BEEP = 0.1; // s
  const AHEAD = 1_500; // ms

  function beeps() {
    const audio = new AudioContext();
    const [oscillator, volume, out] = [audio.createOscillator(), audio.createGain(), audio.createMediaStreamDestination()];
    oscillator.frequency.value = 1_000;
    volume.gain.value = 0;
    oscillator.connect(volume).connect(out);
    oscillator.start();
    // currentTime moves in blocks: the greatest difference is that of a block which has just begun.
    let ahead = -Infinity;
    let next = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
    setInterval(() => {
      ahead = Math.max(ahead - 1e-6, audio.currentTime - Date.now() / 1_000);
      for (; next < Date.now() + AHEAD; next += 1_000) {
        volume.gain.setValueAtTime(0.5, next / 1_000 + ahead);
        volume.gain.setValueAtTime(0, next / 1_000 + ahead + BEEP);
      }
    }, 10);
    return out.stream.getAudioTracks()[0];
  }

  const make = () => {
    const stream = window.timecode.source();
    stream.getAudioTracks().forEach((track) => stream.removeTrack(track));
    stream.addTrack(beeps());
    return stream;
  };
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => make();
})();
