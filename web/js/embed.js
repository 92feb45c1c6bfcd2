/** The script of a replay in a frame of another site: plays the playlist once the viewer wants. */
import { byId } from './page/dom.js';
import { BROWSER } from './page/environment.js';
import { makeReplayEngine } from './replay/replay_engine.js';

const video = /** @type {HTMLVideoElement} */ (byId('video'));
const { playlist = '', opus = '' } = video.dataset;

function showFailure() {
  byId('failed').hidden = false;
}

const source = { playlist, opus, idle: true };
makeReplayEngine(video, source, showFailure, BROWSER.now).catch(showFailure);
