/** The people whom the person follows, and the people whom the person hides. */
import { t } from '../page/strings.js';
import * as api from '../people/people_api.js';
import { Section } from './section.js';

/** @typedef {import('../people/people_api.js').Person} Person */

class PeopleSection extends Section {
  #load;
  #take;
  #label;

  /**
   * @param {string} id
   * @param {object} how
   * @param {() => Promise<Person[]>} how.load
   * @param {(person: string) => Promise<unknown>} how.take  takes the person off the list
   * @param {string} how.label  label of the button
   */
  constructor(id, { load, take, label }) {
    super(id);
    this.#load = load;
    this.#take = take;
    this.#label = label;
  }

  async refresh() {
    await this.attempt(() => this.#show());
  }

  async #show() {
    const people = await this.#load();
    this.showRows(
      people.map((person) => ({
        person,
        title: person.name,
        ...(person.handle && {
          lines: [`@${person.handle}`],
          href: `/@${encodeURIComponent(person.handle)}`,
        }),
        buttons: [{ label: this.#label, press: () => this.attempt(() => this.#remove(person.id)) }],
      })),
    );
  }

  /** @param {string} person */
  async #remove(person) {
    await this.#take(person);
    await this.#show();
  }
}

/** @param {import('../people/identity.js').Identity} identity */
export function followingSection(identity) {
  return new PeopleSection('following', {
    load: api.follows,
    take: (person) => identity.follow(person, false),
    label: t('me.following.unfollow'),
  });
}

/** @param {import('../people/identity.js').Identity} identity */
export function hiddenSection(identity) {
  return new PeopleSection('hidden-people', {
    load: api.hidden,
    take: (person) => identity.hide(person, false),
    label: t('me.hidden.show'),
  });
}
