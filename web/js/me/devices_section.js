/** The browsers in which the person is signed in. */
import { toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import { dateOf } from '../page/words.js';
import * as api from '../people/people_api.js';
import { Section } from './section.js';

export class DevicesSection extends Section {
  #signedOut;

  /** @param {() => void} signedOut  called when this browser has been signed out */
  constructor(signedOut) {
    super('devices');
    this.#signedOut = signedOut;
    this.on('all', () => this.#signOutAll());
  }

  async refresh() {
    await this.attempt(() => this.#load());
  }

  async #load() {
    const devices = await api.devices();
    this.showRows(
      devices.map((device) => ({
        title: device.label || t('me.devices.unnamed'),
        lines: [
          device.current
            ? t('me.devices.current')
            : t('me.devices.seen', { date: dateOf(device.seen_at * 1_000) }),
        ],
        buttons: [
          {
            label: t('me.devices.sign_out'),
            name: t('me.devices.sign_out_name', { name: device.label }),
            press: () => this.attempt(() => this.#signOut(device)),
          },
        ],
      })),
    );
    this.part('all').hidden = devices.length < 2;
  }

  /** @param {api.Device} device */
  async #signOut(device) {
    await api.signOut(device.device);
    if (device.current) this.#signedOut();
    else await this.#load();
  }

  async #signOutAll() {
    await api.signOutEverywhere();
    await this.#load();
    toast(t('me.devices.signed_out_all'));
  }
}
