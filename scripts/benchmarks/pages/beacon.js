/**
 * Replaces the page's camera by a video of the time code, and its microphone by a beep of 100 ms at
 * every full second.
 */
(() => {
  const BEEP = 0.1; // s
  const AHEAD = 400; // ms
  // Number of comparisons of the two clocks, one every 10 ms, from which the offset of the audio
  // clock is computed. Older comparisons are dropped, because the audio clock sometimes stops for a
  // while, and then keeps the changed offset.
  const LOOKS = 100;

  function beeps() {
    const audio = new AudioContext();
    const [oscillator, volume, out] = [
      audio.createOscillator(),
      audio.createGain(),
      audio.createMediaStreamDestination(),
    ];
    oscillator.frequency.value = 1_000;
    volume.gain.value = 0;
    oscillator.connect(volume).connect(out);
    oscillator.start();
    const looks = [];
    let next = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
    setInterval(() => {
      looks.push(audio.currentTime - Date.now() / 1_000);
      if (looks.length > LOOKS) looks.shift();
      // currentTime advances in blocks: the difference is largest when a block has just begun.
      const ahead = Math.max(...looks);
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
