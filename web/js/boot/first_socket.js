/**
 * The room's first act: this module imports next to nothing and is loaded on its own, so the WebSocket is being opened while the rest
 * of the page's modules are still arriving. What comes meanwhile is kept for whoever takes the socket over. Where a worker plays, it is started here,
 * and opens the socket itself.
 */
import { Ladder } from '../watch/ladder.js';
import { show } from './opening.js';
import { startWorker } from '../watch/webcodecs/backstage.js';

/** Which player this page uses. It is asked here, because the server is told with the first request. */
export const ladder = new Ladder(window, new URLSearchParams(location.search).get('player'));

/**
 * The player's hello travels in the URL, so that it costs no round trip.
 * @param {string} room
 * @param {string} player
 * @returns {string}
 */
export function watchUrl(room, player) {
  const url = new URL(`/ws/${encodeURIComponent(room)}`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const query = new URLSearchParams({ player, codecs: decodableFamilies(player).join(',') });
  // HTTP or WebRTC brings the media; what comes here is events and the clock.
  if (player === 'hls' || player === 'whep') query.set('media', '0');
  url.search = query.toString();
  return url.href;
}

/** @param {string} player */
function decodableFamilies(player) {
  if (player !== 'mse') return ['avc1', 'opus'];
  const source = window.MediaSource ?? /** @type {any} */ (window).ManagedMediaSource;
  if (!source) return ['avc1', 'opus'];
  // WebKit knows Opus in MP4 by its capital letter only.
  const opus = ['opus', 'Opus'].some((name) => source.isTypeSupported(`audio/mp4; codecs="${name}"`));
  return opus ? ['avc1', 'opus'] : ['avc1'];
}

/**
 * @typedef {object} FirstSocket
 * @property {WebSocket} socket
 * @property {number} dialled                                      ms, when it was opened
 * @property {{data: string | ArrayBuffer, at: number}[]} received what came before anybody took over
 */

/** A hidden page gets no sourceopen and nobody is looking: it connects when it is shown. */
const hidden = document.visibilityState === 'hidden';
const url = watchUrl(decodeURIComponent(location.pathname.split('/')[2] ?? ''), ladder.name);

/** This script stands in the page, and has no URL that the worker's could be relative to. */
export const workerScript = document.documentElement.dataset.worker ?? '';

/** A worker that is connecting already. Null where none plays. */
export const firstBackstage = hidden || ladder.name !== 'webcodecs' || !ladder.able ? null : startWorker(workerScript, url);

/** @returns {FirstSocket | null} */
function open() {
  if (hidden || firstBackstage) return null;
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  /** @type {FirstSocket} */
  const first = { socket, dialled: performance.now(), received: [] };
  socket.onmessage = ({ data }) => first.received.push({ data, at: performance.now() });
  return first;
}

export const firstSocket = open();

/**
 * An element with a MediaSource that is opening already: that takes as long as the socket does. Null where there is nothing to prepare.
 * @returns {{video: HTMLVideoElement, source: MediaSource, url: string} | null}
 */
function prepare() {
  if (!firstSocket || !window.MediaSource || ladder.name !== 'mse') return null;
  const video = document.createElement('video');
  const source = new MediaSource();
  const url = URL.createObjectURL(source);
  video.muted = true;
  video.src = url;
  return { video, source, url };
}

export const firstSource = prepare();

/** Called by the page once the picture that it brings has arrived. */
export function showOpening() {
  show(document);
}
