/** Provides icons, and the URLs of other files, for elements that a script creates. */

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} name  name of a symbol in icons/sprite.svg */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `${assetUrl('icons/sprite.svg')}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Returns the URL of a file of the page; the URL has a hash of the page's version.
 * @param {string} name  such as css/social.css
 */
export function assetUrl(name) {
  const base = document.querySelector('link[href*="/css/"]')?.getAttribute('href') ?? '';
  return base.replace(/css\/.*$/, name);
}
