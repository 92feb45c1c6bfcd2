/**
 * Replaces the page's camera by a video of weak noise (grain) on a grey wall. The grain needs so
 * many bits that an encoder can always use its full target bitrate. With noise of full contrast,
 * the encoder would drop most frames.
 */
(() => {
  const [WIDTH, HEIGHT] = [1280, 720];
  const GRAIN = 4; // pixels
  const CONTRAST = 24; // of 255

  function noise() {
    const canvas = Object.assign(document.createElement('canvas'), {
      width: WIDTH,
      height: HEIGHT,
    });
    const tile = Object.assign(document.createElement('canvas'), {
      width: WIDTH / GRAIN,
      height: HEIGHT / GRAIN,
    });
    const image = new ImageData(tile.width, tile.height);
    for (let n = 0; n < image.data.length; n += 4)
      image.data.fill(128 + (Math.random() - 0.5) * CONTRAST, n, n + 3).fill(255, n + 3, n + 4);
    tile.getContext('2d').putImageData(image, 0, 0);
    const context = canvas.getContext('2d', { alpha: false });
    context.imageSmoothingEnabled = false;
    let due = 0;
    const frame = (now) => {
      requestAnimationFrame(frame);
      if (now < due - 4) return;
      due = Math.max(due + 1000 / 30, now);
      const [x, y] = [Math.random() * WIDTH, Math.random() * HEIGHT];
      for (const left of [x - WIDTH, x])
        for (const top of [y - HEIGHT, y]) context.drawImage(tile, left, top, WIDTH, HEIGHT);
    };
    requestAnimationFrame(frame);
    return canvas.captureStream();
  }

  navigator.mediaDevices.getUserMedia = async () => {
    const stream = noise();
    stream.addTrack(new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]);
    return stream;
  };
})();
