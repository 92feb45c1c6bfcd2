/**
 * Draws the time code in a creator's page and reads it in a viewer's page. timecode.py describes
 * the squares.
 *
 * Both pages use Date.now(), because their times are compared. performance.now() has a different
 * origin in each page.
 */
(() => {
  const [WIDTH, HEIGHT, FPS] = [640, 360, 30];
  const [COLUMNS, ROWS, SIDE] = [16, 2, 40];
  const SCALE = 4; // side of a square in the small copy that `read` draws, px

  const word = (ms) => {
    const code = ms % 2 ** 24;
    return ((code << 8) | (0xa5 ^ (code & 255) ^ ((code >> 8) & 255) ^ (code >> 16))) >>> 0;
  };

  function draw(context) {
    // Movement gives the encoder work to do.
    context.fillStyle = '#234';
    context.fillRect(0, ROWS * SIDE, WIDTH, HEIGHT - ROWS * SIDE);
    const now = Date.now();
    for (let n = 0; n < 5; n++) {
      context.fillStyle = `hsl(${n * 72} 60% 50%)`;
      context.fillRect((now / (6 + n) + n * 130) % WIDTH, ROWS * SIDE + 20 + n * 50, 60, 40);
    }
    context.fillStyle = '#fff';
    context.font = '40px monospace';
    context.fillText(new Date(now).toISOString().slice(11, 23), 180, 340);
    const bits = word(Date.now());
    for (let n = 0; n < COLUMNS * ROWS; n++) {
      context.fillStyle = (bits >>> (31 - n)) & 1 ? '#fff' : '#000';
      context.fillRect((n % COLUMNS) * SIDE, Math.floor(n / COLUMNS) * SIDE, SIDE, SIDE);
    }
  }

  /** Returns a media stream with a video of the time code and the sound of a constant tone. */
  function source() {
    const canvas = Object.assign(document.createElement('canvas'), {
      width: WIDTH,
      height: HEIGHT,
    });
    const context = canvas.getContext('2d', { alpha: false });
    const stream = canvas.captureStream();
    let due = 0;
    const frame = (now) => {
      requestAnimationFrame(frame);
      if (now < due - 4) return;
      due = Math.max(due + 1000 / FPS, now);
      draw(context);
    };
    draw(context);
    requestAnimationFrame(frame);
    stream.addTrack(tone());
    return stream;
  }

  function tone() {
    const audio = new AudioContext();
    const [oscillator, volume, out] = [
      audio.createOscillator(),
      audio.createGain(),
      audio.createMediaStreamDestination(),
    ];
    oscillator.frequency.value = 330;
    volume.gain.value = 0.2;
    oscillator.connect(volume).connect(out);
    oscillator.start();
    return out.stream.getAudioTracks()[0];
  }

  const strip = Object.assign(document.createElement('canvas'), {
    width: COLUMNS * SCALE,
    height: ROWS * SCALE,
  });
  const reader = strip.getContext('2d', { willReadFrequently: true, alpha: false });

  /**
   * Returns the width of the frame that a video or canvas shows now. Returns 0 if there is no
   * frame.
   */
  const widthOf = (screen) =>
    screen instanceof HTMLVideoElement
      ? screen.readyState < 2
        ? 0
        : screen.videoWidth
      : screen.width;
  const heightOf = (screen) =>
    screen instanceof HTMLVideoElement ? screen.videoHeight : screen.height;

  /** Returns the time code's word, read from the frame that a video or canvas shows now. */
  function read(screen) {
    reader.drawImage(
      screen,
      0,
      0,
      widthOf(screen),
      (heightOf(screen) * ROWS * SIDE) / HEIGHT,
      0,
      0,
      strip.width,
      strip.height,
    );
    const { data } = reader.getImageData(0, 0, strip.width, strip.height);
    let bits = 0;
    for (let n = 0; n < COLUMNS * ROWS; n++) {
      const [x, y] = [
        (n % COLUMNS) * SCALE + SCALE / 2,
        Math.floor(n / COLUMNS) * SCALE + SCALE / 2,
      ];
      bits = (bits << 1) | (data[(y * strip.width + x) * 4 + 1] > 127 ? 1 : 0);
    }
    return bits >>> 0;
  }

  /**
   * Reads the time code on every animation frame from now on. `take()` returns the samples since
   * its last call. Each sample is a pair: [local time in ms, word]. `clock` is a function that
   * returns the local time in ms.
   */
  function watch(find, clock = Date.now) {
    let samples = [];
    let started = false;
    const frame = () => {
      requestAnimationFrame(frame);
      const screen = find();
      if (!screen || !widthOf(screen)) return;
      const bits = read(screen);
      started ||= word(bits >>> 8) === bits;
      samples.push([clock(), bits]);
    };
    requestAnimationFrame(frame);
    return {
      take: () => samples.splice(0),
      get started() {
        return started;
      },
    };
  }

  Object.assign(window, { timecode: { source, watch } });
})();
