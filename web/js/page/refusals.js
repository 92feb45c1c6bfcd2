/**
 * The texts that the page shows for refusals. The server sends a code for each reason
 * (relay/errors.py, `RefusalCode`). An HTTP answer contains the code in its body,
 * `{"error", "code", "retry_after"}`. A WebSocket contains the code in its close reason,
 * `code: text`.
 */

import { hasText, t } from './strings.js';

/**
 * @param {string} code
 * @param {string} [text] the server's text, used if this page does not know the code
 */
export function wordsFor(code, text = '') {
  return code && hasText(`refusals.${code}`) ? t(`refusals.${code}`) : text;
}

/**
 * Reads the refusal from the body of an HTTP answer.
 * @param {string} body
 * @returns {{code: string, text: string}} `text`: the page's text for the code, or the server's
 *   text if this page does not know the code
 */
export function refusalOf(body) {
  try {
    const { error = '', code = '' } = JSON.parse(body);
    return { code, text: wordsFor(code, error) };
  } catch {
    return { code: '', text: body.slice(0, 300) };
  }
}

/**
 * Reads the refusal from the close reason of a WebSocket.
 * @param {string} reason
 * @returns {{code: string, text: string}}
 */
export function refusalOfClose(reason) {
  const [code = '', text = ''] = reason.split(/: (.*)/s);
  return { code, text: wordsFor(code, text) };
}
