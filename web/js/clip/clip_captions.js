/** Shows and hides the caption of a clip. `close` releases everything. */
import { byId } from '../page/dom.js';
import { t } from '../page/strings.js';

const PLACE = 18; // % of the picture above the caption: below are the words of the page

export class ClipCaptions {
  #track;
  #button = byId('show-captions');
  #listening = new AbortController();

  /** @param {HTMLTrackElement} element */
  constructor(element) {
    this.#track = element.track;
    const { signal } = this.#listening;
    this.#button.addEventListener('click', () => this.#toggle(), { signal });
    element.addEventListener('load', () => this.#place(), { signal });
    this.#place(); // the track may have loaded before this script
  }

  close() {
    this.#listening.abort();
  }

  #toggle() {
    const shown = this.#track.mode !== 'showing';
    this.#track.mode = shown ? 'showing' : 'hidden';
    this.#button.setAttribute('aria-pressed', String(shown));
    this.#button.setAttribute('aria-label', t(`clip_page.captions_${shown ? 'off' : 'on'}`));
  }

  #place() {
    for (const cue of /** @type {Iterable<VTTCue>} */ (this.#track.cues ?? [])) {
      cue.snapToLines = false;
      cue.line = PLACE;
    }
  }
}
