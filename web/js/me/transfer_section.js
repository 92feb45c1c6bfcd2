/** Shows a code with which another phone can sign in as this person. */
import { setText } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { copy } from '../page/share.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
import * as api from '../people/people_api.js';
import { Section } from './section.js';

export class TransferSection extends Section {
  /** @type {api.Transfer | null} */
  #transfer = null;
  #environment;
  #ticker = 0;

  /** @param {import('../page/environment.js').Environment} [environment] */
  constructor(environment = BROWSER) {
    super('transfer');
    this.#environment = environment;
    this.on('make', () => this.#make());
    this.on('copy', () => copy(this.#transfer?.url ?? '', t('site.copied')));
  }

  close() {
    super.close();
    this.#environment.clearInterval(this.#ticker);
  }

  async #make() {
    const transfer = await api.makeTransfer();
    this.#transfer = transfer;
    const image = /** @type {HTMLImageElement} */ (this.part('qr'));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(transfer.qr)}`;
    setText(this.part('code'), transfer.code);
    this.part('made').hidden = false;
    setText(this.part('make'), t('me.transfer.again'));
    this.#environment.clearInterval(this.#ticker);
    this.#ticker = this.#environment.setInterval(() => this.#tick(), 1_000);
    this.#tick();
  }

  #tick() {
    const left = (this.#transfer?.expires_at ?? 0) - this.#environment.date() / 1_000;
    if (left > 0) {
      setText(this.part('expires'), t('me.transfer.expires', { time: clockTime(left) }));
      return;
    }
    this.#environment.clearInterval(this.#ticker);
    this.#transfer = null;
    this.part('made').hidden = true;
    setText(this.part('make'), t('me.transfer.make'));
  }
}
