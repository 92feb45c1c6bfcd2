/**
 * Watches the feed while it is swiped: what the middle of the screen shows in each animation frame,
 * and how many rooms are connected.
 *
 * The middle of the screen is sampled from the element that is on top there: the player's picture,
 * the still picture, or the poster. Two samples of one item that differ are a moving picture.
 */
(() => {
  const [WIDTH, HEIGHT] = [12, 12]; // pixels of a sample
  const DARK = 20; // of 255; a picture whose brightest pixel is darker counts as black
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d', { willReadFrequently: true });

  /** Sockets by URL with what they received, for players of the page's own thread. */
  const sockets = [];
  window.WebSocket = class extends window.WebSocket {
    constructor(url, ...more) {
      super(url, ...more);
      const held = new URL(url, location.href).searchParams.has('hold');
      this.account = { held, standby: 0, largest: 0, seen: 0, wasted: 0 };
      sockets.push(this.account);
      this.addEventListener('message', ({ data }) => this.count(data.byteLength ?? data.length));
      this.addEventListener('close', () => this.end());
    }

    count(bytes) {
      const { account } = this;
      if (!account.held) account.seen += bytes;
      else {
        account.standby += bytes;
        account.largest = Math.max(account.largest, bytes);
      }
    }

    send(data) {
      const { account } = this;
      const notice = typeof data === 'string' && data.includes('"hold"') ? JSON.parse(data) : {};
      if (notice.type === 'hold' && notice.on !== account.held) {
        account.held = notice.on;
        // The newest keyframe was on the screen while the slide came in.
        account.seen += account.largest;
        account.wasted += account.standby - account.largest;
        account.standby = account.largest = 0;
      }
      return super.send(data);
    }

    end() {
      const { account } = this;
      account.wasted += account.standby;
      account.standby = account.largest = 0;
    }
  };
  let [workers, mostWorkers, mostRooms] = [0, 0, 0];
  window.Worker = class extends window.Worker {
    constructor(...all) {
      super(...all);
      mostWorkers = Math.max(mostWorkers, ++workers);
    }

    terminate() {
      workers--;
      super.terminate();
    }
  };

  const isShown = (element) =>
    element &&
    !element.hidden &&
    (element instanceof HTMLImageElement
      ? element.complete && element.naturalWidth > 0
      : (element.width || element.videoWidth) > 0);

  /** What the slide shows: the uppermost picture, and whether it is a still one. */
  function topOf(slide) {
    const stage = slide.querySelector('.stage');
    const [still, screen] = [stage?.querySelector('.still'), stage?.querySelector('.screen')];
    if (isShown(still)) return [still, true];
    if (stage?.classList.contains('playing') && isShown(screen)) return [screen, false];
    return [slide.querySelector('.poster'), true];
  }

  /** Returns [hash of the picture, brightest pixel]. */
  function sample(element) {
    if (!isShown(element)) return [0, 0];
    context.drawImage(element, 0, 0, WIDTH, HEIGHT);
    const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
    let [hash, brightest] = [17, 0];
    for (let n = 0; n < data.length; n += 4) {
      hash = (hash * 31 + data[n + 1]) | 0;
      brightest = Math.max(brightest, data[n], data[n + 1], data[n + 2]);
    }
    return [hash, brightest];
  }

  let watching = false;
  let gesture = null;
  function look(now) {
    requestAnimationFrame(look);
    if (!watching) return;
    const middle = innerHeight / 2;
    for (const [index, slide] of [...document.querySelectorAll('.slide')].entries()) {
      const { top, bottom } = slide.getBoundingClientRect();
      if (bottom <= 4 || top >= innerHeight - 4 || slide.dataset.kind === 'end') continue;
      const [element, still] = topOf(slide);
      const [hash, brightest] = sample(element);
      const dark = brightest < DARK;
      gesture.samples.push({ now: performance.now(), index, hash, still, dark });
      gesture.frames += top <= middle && bottom > middle ? 1 : 0;
    }
    const rooms = window.microlive.roles().filter((role) => ['play', 'standby'].includes(role));
    mostRooms = Math.max(mostRooms, rooms.length);
  }
  requestAnimationFrame(look);
  for (const type of ['touchend', 'keydown'])
    window.addEventListener(type, () => gesture && (gesture.end = performance.now()), {
      capture: true,
      passive: true,
    });

  window.swipes = {
    begin() {
      gesture = { began: performance.now(), end: NaN, samples: [], frames: 0 };
      watching = true;
    },
    /** Ends the observation of one gesture. `at`: the slide on which it came to rest. */
    take() {
      watching = false;
      return { ...gesture, at: window.microlive.at() };
    },
    /** Most connected rooms at once, and most workers, of which one may be about to end. */
    most: () => ({ rooms: mostRooms, workers: mostWorkers }),
    bytes: () =>
      sockets.reduce(
        (sum, { seen, wasted, standby }) => ({
          seen: sum.seen + seen,
          wasted: sum.wasted + wasted + standby,
        }),
        { seen: 0, wasted: 0 },
      ),
  };
})();
