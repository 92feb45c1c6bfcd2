/**
 * Which player: the best that this browser has, one step down when that does not work here, and up again after a while. Pure.
 *
 * @typedef {'websocket' | 'http' | 'udp'} Transport
 * @typedef {object} Rung
 * @property {string} name
 * @property {Transport} transport  what has to get through; a network that blocks it blocks every rung on it
 * @property {(scope: any) => boolean} able
 */

/**
 * The best first. A rung more: a line here, and one in player.js.
 * @type {readonly Rung[]}
 */
export const RUNGS = [
  {
    name: 'webcodecs',
    transport: 'websocket',
    able: (scope) => scope.isSecureContext === true && ['VideoDecoder', 'AudioDecoder', 'AudioWorkletNode'].every((name) => name in scope),
  },
  { name: 'mse', transport: 'websocket', able: hasMediaSource },
  // Whether WebRTC has H.264 costs a browser more to tell than the first picture may take: the server's answer to an offer without it tells too.
  { name: 'whep', transport: 'udp', able: (scope) => 'RTCPeerConnection' in scope },
  { name: 'hls', transport: 'http', able: (scope) => hasMediaSource(scope) || playsHls(scope) },
];

const H264 = 'video/mp4; codecs="avc1.42E01F"'; // the least that a creator sends; what a live is really made of its init segment tells

/** @param {any} scope */
function hasMediaSource(scope) {
  const source = scope.MediaSource ?? scope.ManagedMediaSource;
  return Boolean(source) && source.isTypeSupported?.(H264) !== false;
}

/** @param {any} scope */
function playsHls(scope) {
  return Boolean(scope.document?.createElement('video').canPlayType('application/vnd.apple.mpegurl'));
}

const PATIENCE = 30_000; // ms in which errors and stalls belong together
const ERRORS = 2;
const STALLS = 4;
const TRIAL = 10_000; // ms; one that was left and is tried again must not show its fault as often
const TRIAL_STALLS = 2;
const REST = 60_000; // ms until the rung that failed is tried again; twice as long each time
const LONGEST_REST = 600_000;

export class Ladder {
  name;
  /** For people: why this one. */
  why;
  /** What `?player=` asks for and nobody is called. */
  unknown = '';
  #forced = false;
  #trialUntil = -Infinity;
  #able;
  /** @type {Map<string, {until: number, rest: number}>} */
  #resting = new Map();
  /** @type {number[]} */
  #errors = [];
  /** @type {number[]} */
  #stalls = [];

  /**
   * @param {any} scope         what has the browser's globals
   * @param {string | null} wanted  `?player=`
   */
  constructor(scope, wanted) {
    this.#able = RUNGS.filter(({ able }) => able(scope));
    const best = this.#able[0] ?? RUNGS.at(-1);
    this.name = best?.name ?? '';
    this.why = 'the best in this browser';
    if (wanted === null) return;
    if (!RUNGS.some(({ name }) => name === wanted)) {
      this.unknown = wanted;
      return;
    }
    this.#forced = true;
    this.name = wanted;
    this.why = 'asked for';
  }

  /** What the one in use comes by. */
  get transport() {
    return RUNGS.find(({ name }) => name === this.name)?.transport;
  }

  /** Whether the one in use can be used at all: what is asked for need not be. */
  get able() {
    return this.#able.some(({ name }) => name === this.name);
  }

  /**
   * The player broke. True when another is to be tried, false when the same one, anew.
   * @param {number} now
   * @param {string} reason
   * @param {boolean} final  it will never play this
   */
  broke(now, reason, final) {
    this.#errors = [...this.#errors.filter((at) => now - at < PATIENCE), now];
    if (!final && this.#errors.length < (now < this.#trialUntil ? 1 : ERRORS)) return false;
    return this.#leave(now, reason, final);
  }

  /**
   * The picture stood still. True when another player is to be tried.
   * @param {number} now
   */
  stalled(now) {
    this.#stalls = [...this.#stalls.filter((at) => now - at < PATIENCE), now];
    const { length } = this.#stalls;
    const enough = now < this.#trialUntil ? TRIAL_STALLS : STALLS;
    return length >= enough && this.#leave(now, `${length} stalls in ${PATIENCE / 1_000} s`, false);
  }

  /**
   * A transport does not get through. True when another player is to be tried: none that goes over another one is.
   * @param {number} now
   * @param {Transport} transport
   */
  blocked(now, transport) {
    const over = this.#able.filter((rung) => rung.transport === transport);
    for (const { name } of over) if (name !== this.name) this.#rest(now, name);
    return over.some(({ name }) => name === this.name) && this.#leave(now, `${transport} is blocked`, false);
  }

  /**
   * True when a better player than the one in use has rested long enough.
   * @param {number} now
   */
  recovered(now) {
    if (this.#forced) return false;
    const inUse = this.#able.findIndex(({ name }) => name === this.name);
    const best = this.#able.slice(0, inUse).find(({ name }) => this.#rested(now, name));
    if (!best) return false;
    this.#take(best.name, 'tried again');
    this.#trialUntil = now + TRIAL;
    return true;
  }

  /**
   * @param {number} now
   * @param {string} reason
   * @param {boolean} forGood
   */
  #leave(now, reason, forGood) {
    if (this.#forced) return false;
    const { name } = this;
    this.#rest(now, name);
    const others = this.#able.filter((rung) => rung.name !== name);
    if (forGood) this.#able = others;
    // One that will never play is left for whatever may, rested or not.
    const other = others.find((rung) => this.#rested(now, rung.name)) ?? (forGood && this.#soonest(others));
    if (!other) return false;
    this.#take(other.name, `${name} left: ${reason}`);
    return true;
  }

  /** The one whose rest ends first. @param {Rung[]} rungs */
  #soonest(rungs) {
    const until = (/** @type {Rung} */ { name }) => this.#resting.get(name)?.until ?? -Infinity;
    return rungs.reduce((/** @type {Rung | undefined} */ best, rung) => (best && until(best) <= until(rung) ? best : rung), undefined);
  }

  /**
   * @param {string} name
   * @param {string} why
   */
  #take(name, why) {
    this.name = name;
    this.why = why;
    this.#errors = [];
    this.#stalls = [];
    this.#trialUntil = -Infinity;
  }

  /**
   * @param {number} now
   * @param {string} name
   */
  #rest(now, name) {
    const rest = Math.min(LONGEST_REST, (this.#resting.get(name)?.rest ?? REST / 2) * 2);
    this.#resting.set(name, { until: now + rest, rest });
  }

  /**
   * @param {number} now
   * @param {string} name
   */
  #rested(now, name) {
    return now >= (this.#resting.get(name)?.until ?? -Infinity);
  }
}
