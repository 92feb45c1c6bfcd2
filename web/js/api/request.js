/**
 * Sends one request to the server's HTTP API (server/API.md) and reads the answer.
 *
 * @typedef {Pick<Readonly<import('../page/environment.js').Environment>,
 *   'fetch' | 'timeoutSignal'>} Network
 */
import { BROWSER } from '../page/environment.js';
import { refusalOf } from '../page/refusals.js';
import { t } from '../page/strings.js';

/** Thrown if the server refuses a request or cannot be reached. The page shows `message`. */
export class ApiError extends Error {
  status;
  code;
  retryAfter;

  /**
   * @param {string} message
   * @param {number} status of the HTTP answer; 0 if the server could not be reached
   * @param {{code?: string, retryAfter?: number}} [more] `retryAfter` in s
   */
  constructor(message, status, { code = '', retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/**
 * Returns the part of `RequestInit` with the Authorization header, which contains a creator key or
 * a token. If a request has this header, the server ignores the cookies of the request, unless the
 * request creates a room.
 * @param {string | null | undefined} secret
 */
export function bearer(secret) {
  return secret ? { headers: { Authorization: `Bearer ${secret}` } } : {};
}

/**
 * Returns the part of `RequestInit` that sends `value` as JSON.
 * @param {string} method
 * @param {unknown} [value]
 * @returns {RequestInit}
 */
export function json(method, value) {
  return value === undefined ? { method } : { method, body: JSON.stringify(value) };
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @param {Network} [environment]
 * @returns {Promise<any>}
 */
export async function request(path, init = {}, environment = BROWSER) {
  const headers = {
    Accept: 'application/json',
    ...(init.body ? { 'Content-Type': 'application/json' } : {}),
    ...init.headers,
  };
  let response;
  try {
    response = await environment.fetch(path, {
      cache: 'no-store',
      signal: environment.timeoutSignal(8_000),
      ...init,
      headers,
    });
  } catch {
    throw new ApiError(t('api.unreachable'), 0);
  }
  if (response.status === 204) return null;
  if (response.ok) {
    return response.json().catch(() => {
      // The answer is not from this server: it may be from the login page of a public network.
      throw new ApiError(t('api.not_ours'), 0);
    });
  }
  const { text, code } = refusalOf(await response.text().catch(() => ''));
  const retryAfter = Number(response.headers.get('Retry-After')) || 0;
  const message = text || t('api.status', { status: String(response.status) });
  throw new ApiError(message, response.status, { code, retryAfter });
}
