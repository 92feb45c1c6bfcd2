/**
 * Plays a stream over WebRTC. The browser buffers and decodes the media. The WebSocket carries no
 * media (`media=0`), only the events and the reports from which capture times are computed.
 * @typedef {import('../line/record.js').MediaRecord} MediaRecord
 * @typedef {import('../line/connection.js').Hello} Hello
 */
import { BROWSER } from '../../page/environment.js';
import { NetworkWatch } from '../../page/network_watch.js';
import { KIND } from '../line/record.js';
import { CaptureClock } from './capture_clock.js';
import { LeadMeter } from './lead_meter.js';
import { LipSync } from './lip_sync.js';
import { OutputLatency } from './output_latency.js';
import { ReceiverStats } from './receiver_stats.js';
import { WhepSession } from './whep_session.js';

const TICK = 1_000; // ms
/**
 * Maximum interruption of the connection, ms. ICE restarts at its beginning; a longer interruption
 * leads to a new session.
 */
const PATIENCE = 3_000;
/**
 * Number of ticks without a byte from the server after which ICE restarts. The server sends an RTCP
 * report every second, also without media.
 */
const QUIET_TICKS = 2;
const ARRIVAL = 10_000; // maximum time from the server's answer to the first frame, ms
const VIDEO_RATE = 90_000;
const AUDIO_RATE = 48_000; // ticks per second, of Opus (RFC 7587)
// Only Chromium reports the figures that LipSync needs. The other browsers synchronise well by
// themselves.
const LOOSE = 'playoutDelayHint' in (self.RTCRtpReceiver?.prototype ?? {});

export class WhepPlayer {
  name = 'whep';
  stream = '';
  #room;
  #environment;
  #video;
  #events;
  #clock;
  /** @type {WhepSession | null} */
  #session = null;
  #media = new MediaStream();
  #captures = new CaptureClock();
  #received = new ReceiverStats();
  #lipSync = new LipSync();
  #meter = new LeadMeter();
  #lead = NaN;
  #latency;
  #closed = false;
  #handle = 0;
  #ticker;
  #listening = new AbortController();
  #network;
  #deadline = 0;
  #firstPicture = NaN;
  #shownAt = NaN;
  #rtp = NaN;
  #size = '';
  #bytes = NaN;
  #quiet = 0; // ticks without a byte from the server

  /**
   * @param {string} room
   * @param {HTMLVideoElement} video
   * @param {import('../line/server_clock.js').ServerClock} clock
   * @param {import('../player.js').PlayerEvents} events
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(room, video, clock, events, environment = BROWSER) {
    this.#room = room;
    this.#environment = environment;
    this.#latency = new OutputLatency(environment);
    this.#video = video;
    this.#clock = clock;
    this.#events = events;
    this.#ticker = environment.setInterval(() => void this.#tick(), TICK);
    const { signal } = this.#listening;
    self.addEventListener('pagehide', () => this.#leave(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden && this.#leave(), {
      signal,
    });
    navigator.mediaDevices?.addEventListener('devicechange', () => this.#timeOutput(), { signal });
    this.#network = new NetworkWatch(() => this.#restart());
    this.#await();
    if (!document.hidden) this.#open();
    this.#timeOutput();
  }

  get element() {
    return this.#video;
  }

  get width() {
    return this.#video.videoWidth;
  }

  get height() {
    return this.#video.videoHeight;
  }

  get muted() {
    return this.#video.muted;
  }

  set muted(muted) {
    this.#video.muted = muted;
    this.#timeOutput();
    if (this.#video.paused) this.resume();
  }

  /** @param {Hello} hello */
  hello(hello) {
    this.stream = hello.stream;
    if (hello.tracks.length) this.#open();
  }

  /** @param {MediaRecord} record */
  record(record) {
    if (record.kind === KIND.INIT) this.#open();
    else if (record.kind === KIND.MEDIA && record.publishTime) this.#captures.add(record);
  }

  resume() {
    this.#video.play().catch((/** @type {DOMException} */ error) => {
      if (error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  stats() {
    const { buffer, target, jitter, frames, dropped, stalls, bitrate, sound } =
      this.#received.latest;
    const { capture, publish } = this.#captures.of(this.#rtp);
    const shown = this.#clock.at(this.#shownAt);
    return {
      behindLens: (shown - capture) / 1000,
      captureError: this.#clock.error / 1000,
      captureEstimated: this.#captures.estimated,
      lag: (shown - publish) / 1000,
      ...{
        target,
        buffer,
        jitter,
        rate: 1,
        width: this.width,
        height: this.height,
        frames,
        dropped,
        stalls,
        seeks: 0,
        bitrate,
      },
      firstPicture: this.#firstPicture,
      position: this.#video.currentTime * 1000,
      playing: !this.#video.paused && this.#environment.now() - this.#shownAt < 500,
      ...(LOOSE && !this.muted
        ? { sound: { ...sound, latency: this.#latency.ms, lead: -this.#lead } }
        : {}),
    };
  }

  close() {
    this.#closed = true;
    this.#environment.clearInterval(this.#ticker);
    this.#listening.abort();
    this.#network.close();
    this.#latency.close();
    this.#video.cancelVideoFrameCallback?.(this.#handle);
    this.#leave();
    this.#video.srcObject = null;
  }

  /**
   * Starts a session, unless a session exists. If the server refuses the session because the room
   * is not live yet, a later hello or init record starts another session.
   */
  async #open() {
    if (this.#session || this.#closed || document.hidden) return;
    const session = new WhepSession(
      {
        endpoint: `/whep/${encodeURIComponent(this.#room)}`,
        track: (track) => this.#show(track),
        changed: (state) => this.#changed(state),
        loose: LOOSE,
      },
      this.#environment,
    );
    this.#session = session;
    this.#received = new ReceiverStats();
    this.#lipSync = new LipSync();
    try {
      await session.open();
      // If the session was closed meanwhile, there is no frame to wait for.
      if (this.#session === session) this.#expect(ARRIVAL, 'no picture came over UDP');
    } catch (error) {
      session.close();
      if (this.#session !== session) return;
      this.#session = null;
      const {
        early = false,
        final = false,
        status = -1,
        message,
      } = /** @type {import('./whep_session.js').WhepError} */ (error);
      const reason = status === 406 ? 'It has no H.264 over WebRTC.' : message;
      // The WebSocket reports a room that has ended or is unreachable.
      if (!early && status !== 404 && status !== 410 && !this.#closed)
        this.#events.broken(reason, final);
    }
  }

  /**
   * Shows a track. All sessions share one MediaStream, so that the last frame stays visible until
   * the next session has its first frame.
   * @param {MediaStreamTrack} track
   */
  #show(track) {
    for (const former of this.#media.getTracks())
      if (former.kind === track.kind) this.#media.removeTrack(former);
    this.#media.addTrack(track);
    if (this.#video.srcObject !== this.#media) this.#video.srcObject = this.#media;
    this.resume();
  }

  /**
   * Ends the session while the page is hidden or offline. The next hello starts another session.
   */
  #leave() {
    this.#environment.clearTimeout(this.#deadline);
    this.#session?.close();
    this.#session = null;
  }

  /** @param {RTCPeerConnectionState} state */
  #changed(state) {
    if (state === 'connected') this.#expect(ARRIVAL, 'no picture came over UDP');
    else if (state === 'disconnected') {
      this.#expect(PATIENCE, 'the connection was lost');
      this.#doubt();
    } else if (state === 'failed' || state === 'closed') this.#expect(0, 'the connection failed');
  }

  /** Restarts ICE, unless a restart is running: another would only begin its requests anew. */
  #doubt() {
    if (!this.#session?.restarting) this.#restart();
  }

  /**
   * Restarts ICE. If this fails, the connection may still recover; otherwise it becomes
   * “disconnected”, and the player fails.
   */
  #restart() {
    this.#session?.restart().catch(() => {});
  }

  /**
   * @param {number} wait ms within which a frame must arrive
   * @param {string} reason
   */
  #expect(wait, reason) {
    this.#environment.clearTimeout(this.#deadline);
    this.#deadline = this.#environment.setTimeout(() => {
      const well =
        this.#session?.pc.connectionState === 'connected' && !Number.isNaN(this.#firstPicture);
      if (!this.#closed && !well) this.#events.broken(reason, false);
    }, wait);
  }

  #await() {
    this.#handle = this.#video.requestVideoFrameCallback?.(
      (now, { expectedDisplayTime, rtpTimestamp = NaN, width, height }) => {
        this.#shownAt = Math.max(now, expectedDisplayTime);
        this.#rtp = rtpTimestamp;
        this.#compare();
        if (Number.isNaN(this.#firstPicture)) {
          this.#firstPicture = now;
          this.#events.picture();
        }
        if (this.#size !== `${width}×${height}`) {
          this.#size = `${width}×${height}`;
          this.#events.sized?.(width, height);
        }
        this.#await();
      },
    );
  }

  /**
   * Measures the latency of the audio output, if audio is on. Call this when audio is turned on or
   * the output device has changed.
   */
  #timeOutput() {
    if (LOOSE && !this.muted) this.#latency.measure();
  }

  /** Measures how far the audio that the viewer hears is ahead of the frame on the screen. */
  #compare() {
    const heard = LOOSE && !this.muted ? this.#session?.heard : null;
    if (!heard) return;
    const picture = this.#shownAt - this.#captures.since(this.#rtp, VIDEO_RATE) / 1_000;
    const sound = heard.at - this.#captures.since(heard.rtpTimestamp, AUDIO_RATE) / 1_000;
    this.#meter.add(picture, sound + this.#latency.ms);
  }

  async #tick() {
    const session = this.#session;
    if (!session) return;
    const reports = await session.pc.getStats();
    if (session !== this.#session) return;
    this.#received.update(reports.values(), this.#environment.now());
    const bytes = bytesOf(reports.values());
    this.#quiet = bytes === this.#bytes ? this.#quiet + 1 : 0;
    this.#bytes = bytes;
    if (this.#quiet === QUIET_TICKS) this.#doubt();
    if (LOOSE) this.#holdTogether(session);
  }

  /** @param {WhepSession} session */
  #holdTogether(session) {
    const { buffer, target, sound } = this.#received.latest;
    this.#lead = this.#meter.take();
    const waits = { audio: sound.buffer, video: buffer };
    const targets = { audio: sound.target, video: target };
    const held = this.muted
      ? this.#lipSync.release()
      : this.#lipSync.update(this.#environment.now(), this.#lead, waits, targets);
    if (held) session.hold(held);
  }
}

/**
 * Returns the number of bytes that the path in use has received. NaN, which differs from itself, if
 * the browser does not count them.
 * @param {Iterable<any>} reports the values of an RTCStatsReport
 */
function bytesOf(reports) {
  let bytes = NaN;
  for (const report of reports)
    if (report.type === 'candidate-pair' && report.nominated)
      bytes = (bytes || 0) + (report.bytesReceived ?? NaN);
  return bytes;
}
