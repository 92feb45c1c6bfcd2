/** Tells the creator during the live if the recording has stopped. The live itself goes on. */
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';

const EVERY = 10_000; // ms between two requests

export class RecordingWatch {
  #api;
  #notice;
  #environment;
  #timer = 0;
  #closed = false;

  /**
   * @param {Pick<import('../api/live_api.js').LiveApi, 'replay'>} api
   * @param {Pick<import('./notice.js').Notice, 'say'>} notice
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, notice, environment = BROWSER) {
    this.#api = api;
    this.#notice = notice;
    this.#environment = environment;
    this.#wait();
  }

  close() {
    this.#closed = true;
    this.#environment.clearTimeout(this.#timer);
    this.#notice.say('recording', '');
  }

  #wait() {
    this.#timer = this.#environment.setTimeout(() => void this.#ask(), EVERY);
  }

  async #ask() {
    const replay = await this.#api.replay().catch(() => null);
    if (this.#closed) return;
    if (replay?.state === 'stopped' && replay.note)
      this.#notice.say('recording', t(`studio.replay.stopped.${replay.note}`));
    else this.#wait();
  }
}
