/**
 * The backend of a WebCodecs player: a connection, and the pipeline that plays the received media.
 * The backend runs in a worker, so that a busy page delays no frame, or in the page if a worker
 * cannot play. WebCodecsPlayer is at the other end of the message port, in the page.
 *
 * Messages on the port are `[verb, ...values]`. Verbs from the page are the methods of this class;
 * verbs to the page are the reports in webcodecs_player.js.
 */
import { BROWSER } from '../../page/environment.js';
import { Beacon } from '../line/beacon.js';
import { Connection } from '../line/connection.js';
import { KIND } from '../line/record.js';
import { Pipeline } from './pipeline.js';
import { screenOn } from './screen.js';

// Minimum time between two reports, ms. A report is sent only after the page has taken the previous
// report, so that a busy page gets no backlog.
const REPORT_EVERY = 100;

/**
 * @typedef {object} BackendOptions
 * @property {MessagePort} port
 * @property {import('./screen.js').Surface} surface  shows the frames
 * @property {number} origin  `performance.timeOrigin` of the page; reports use the page's clock
 * @property {string} url     URL to which to connect at once; if '', the backend waits for `open`
 */

export class PlayerBackend {
  #environment;
  #port;
  #surface;
  #shift;
  /** @type {Connection} */
  #connection;
  /** @type {Pipeline} */
  #pipeline;
  #beacon = new Beacon();
  #stream = '';
  #heard = true;
  #open = false;
  #standby = false;
  #ticker = 0;

  /**
   * @param {BackendOptions} options
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor({ port, surface, origin, url }, environment = BROWSER) {
    this.#environment = environment;
    this.#port = port;
    this.#surface = surface;
    this.#shift = performance.timeOrigin - origin;
    this.#connection = this.#connect();
    if (url) this.open(url);
    this.#pipeline = this.#build();
    this.#tick();
    port.onmessage = ({ data: [verb, ...values] }) => /** @type {any} */ (this)[verb](...values);
  }

  /**
   * Opens the connection, unless it is open: the page's first script may have opened it already.
   * @param {string} url
   */
  open(url) {
    if (this.#open) return;
    this.#open = true;
    this.#connection.url = url;
    this.#connection.open();
  }

  /** Closes the connection until `open` is called. */
  pause() {
    this.#open = false;
    this.#connection.close();
  }

  retryNow() {
    this.#connection.retryNow();
  }

  /** @param {string} url */
  restart(url) {
    this.#connection.url = url;
    this.#connection.restart();
  }

  /** @param {object} notice */
  send(notice) {
    this.#connection.send(notice);
  }

  /** @param {boolean} lively */
  lively(lively) {
    this.#connection.lively = lively;
  }

  /**
   * Begins or ends the standby of the connection and of the pipeline.
   * @param {boolean} standby
   */
  standby(standby) {
    if (standby === this.#standby) return;
    this.#standby = standby;
    this.#pipeline.standby = standby;
    this.#connection.standby = standby;
    if (!standby) return this.#tick();
    this.#environment.clearInterval(this.#ticker);
    this.#report();
  }

  /** @param {MessagePort} port */
  openSound(port) {
    this.#pipeline.openSound(port);
  }

  closeSound() {
    this.#pipeline.closeSound();
  }

  /** @param {import('./sound.js').Output} output on the page's clock */
  output({ latency, lead }) {
    this.#pipeline.output({ latency, lead: lead - this.#shift });
  }

  /** @param {WritableStream<VideoFrame> | null} stream receives a copy of each frame */
  mirror(stream) {
    this.#pipeline.mirror(stream && pour(stream));
  }

  /** Shows the last frame again, because the page's element has joined late. */
  repeat() {
    this.#pipeline.repeat();
  }

  /** Tells the backend that the page has taken the last report. */
  heard() {
    this.#heard = true;
  }

  close() {
    this.#environment.clearInterval(this.#ticker);
    this.#connection.close();
    this.#pipeline.close();
    this.#port.close();
  }

  #tick() {
    this.#ticker = this.#environment.setInterval(() => this.#heard && this.#report(), REPORT_EVERY);
  }

  #connect() {
    return new Connection(
      '',
      {
        hello: (hello) => this.#hello(hello),
        record: (record, arrival) => {
          // Copy the event, because its body is part of a message that may contain a whole frame.
          if (record.kind === KIND.EVENT)
            this.#tell('event', { ...record, body: record.body.slice() }, arrival + this.#shift);
          else this.#pipeline.record(record, arrival);
        },
        pace: (pace) => this.#tell('pace', pace),
        down: () => this.#tell('down'),
        quality: () => this.#beacon.read('webcodecs', this.#stats),
        failing: (attempts) => this.#tell('failing', attempts),
        over: (code, reason) => this.#tell('over', code, reason),
      },
      this.#environment,
    );
  }

  #build() {
    return new Pipeline(
      screenOn(this.#surface),
      this.#connection.clock,
      {
        picture: () => {
          this.#report();
          this.#tell('picture');
        },
        still: () => this.#tell('still'),
        moving: () => {
          this.#report();
          this.#tell('moving');
        },
        sized: (width, height) => this.#tell('sized', width, height),
        broken: (reason, final) => this.#tell('broken', reason, final),
      },
      this.#environment,
    );
  }

  /** @param {import('../line/connection.js').Hello} hello */
  #hello(hello) {
    // Another stream has another clock. The page creates a new player when it gets the hello.
    if (this.#stream && this.#stream !== hello.stream) this.#pipeline.close();
    this.#stream = hello.stream;
    this.#pipeline.hello(hello);
    this.#tell('hello', hello);
  }

  get #stats() {
    const stats = this.#pipeline.stats();
    return { ...stats, firstPicture: stats.firstPicture + this.#shift };
  }

  #report() {
    this.#heard = false;
    this.#tell('stats', this.#stats, this.#connection.bytes);
  }

  /**
   * @param {string} verb
   * @param {...any} values
   */
  #tell(verb, ...values) {
    this.#port.postMessage([verb, ...values]);
  }
}

/**
 * Returns a function that writes a copy of a frame into the stream, or drops the copy if the
 * stream's reader is slow.
 * @param {WritableStream<VideoFrame>} stream
 * @returns {(frame: VideoFrame) => void}
 */
function pour(stream) {
  const writer = stream.getWriter();
  return (frame) => {
    if ((writer.desiredSize ?? 0) > 0) writer.write(frame).catch(() => frame.close());
    else frame.close();
  };
}
