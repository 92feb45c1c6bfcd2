/** The script of a replay in a frame of another site: plays the playlist once the viewer wants. */
import { byId } from './page/dom.js';
import { BROWSER } from './page/environment.js';
import { makeReplayEngine } from './replay/replay_engine.js';

const video = /** @type {HTMLVideoElement} */ (byId('video'));
const { playlist = '' } = video.dataset;

function showFailure() {
  byId('failed').hidden = false;
}

makeReplayEngine(video, { url: playlist, idle: true }, showFailure, BROWSER.now).catch(showFailure);
