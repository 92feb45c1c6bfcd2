/** Splits a message into plain text, links and mentions. Markup stays plain text. Pure. */

/** @typedef {{kind: 'text' | 'link' | 'mention', text: string, href?: string}} Part */

const FOUND = /(https?:\/\/[^\s<>"'`]+)|(@[\p{L}\p{N}\p{M}_.-]+)/giu;
const TRAILING = /[.,:;!?)\]}»…]+$/u;

/**
 * @param {string} text
 * @param {boolean} links  whether the creator allows links; otherwise, links are plain text
 * @returns {Part[]}
 */
export function partsOf(text, links) {
  /** @type {Part[]} */
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(FOUND)) {
    const whole = found[0].replace(TRAILING, '');
    const href = found[1] ? addressOf(whole) : undefined;
    if ((found[1] && (!links || !href)) || whole.length < 2) continue;
    if (found.index > end) parts.push({ kind: 'text', text: text.slice(end, found.index) });
    parts.push(href ? { kind: 'link', text: whole, href } : { kind: 'mention', text: whole });
    end = found.index + whole.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** @param {string} text */
function addressOf(text) {
  try {
    const { protocol, href, username, password } = new URL(text);
    // With a user name before the host, a link could seem to lead to another host.
    return /^https?:$/.test(protocol) && !username && !password ? href : undefined;
  } catch {
    return undefined;
  }
}
