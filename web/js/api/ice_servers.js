/** Reads the STUN and TURN servers from the answer of a WHIP or WHEP endpoint (RFC 9725 §4.6). */

const LINK = /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/g;
const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g;

/**
 * @param {string | null} header value of the Link header, null if the answer has none; fetch joins
 *   several Link headers with commas
 * @returns {RTCIceServer[]}
 */
export function iceServersOf(header) {
  /** @type {RTCIceServer[]} */
  const servers = [];
  for (const [, urls = '', rest = ''] of (header ?? '').matchAll(LINK)) {
    /** @type {Record<string, string>} */
    const parameters = {};
    for (const [, name = '', quoted, plain = ''] of rest.matchAll(PARAMETER))
      parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    const { rel, username, credential } = parameters;
    if (!rel?.split(' ').includes('ice-server') || !/^(stun|turn)s?:/.test(urls)) continue;
    servers.push({
      urls,
      ...(username !== undefined && credential !== undefined ? { username, credential } : {}),
    });
  }
  return servers;
}
