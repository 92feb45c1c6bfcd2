/** The round picture of a person: the first letter of the name on the person's colour. */

/** @typedef {import('./people_api.js').Person} Person */

/**
 * Returns the first letter, syllable or emoji of a name, in upper case.
 * @param {string} name
 */
export function initialOf(name) {
  const text = name.trim();
  const [first] = 'Segmenter' in Intl ? new Intl.Segmenter().segment(text) : [];
  return (first?.segment ?? [...text][0] ?? '').toLocaleUpperCase();
}

/**
 * @template {HTMLElement} T
 * @param {T} element
 * @param {Pick<Person, 'name' | 'colour'>} person
 * @returns {T}
 */
export function showAvatar(element, { name, colour }) {
  element.dataset.colour = String(colour);
  element.textContent = initialOf(name);
  element.setAttribute('aria-hidden', 'true');
  return element;
}
