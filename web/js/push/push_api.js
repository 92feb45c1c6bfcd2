/**
 * Sends requests about pushes to the server's HTTP API (server/API.md).
 *
 * @typedef {object} SubscribedBrowser
 * @property {string} id
 * @property {string} label       such as “Chrome · Android”
 * @property {number} created_at  Unix seconds
 * @property {boolean} current    whether this entry is this browser
 */
import { json, request } from '../api/request.js';

/** @returns {Promise<string>} the key with which browsers subscribe, in base64url */
export const key = async () => (await request('/api/push/key')).key;

/** @returns {Promise<SubscribedBrowser[]>} the latest first */
export const subscriptions = async () => (await request('/api/push/subscriptions')).subscriptions;

/**
 * @param {PushSubscriptionJSON} subscription
 * @returns {Promise<{id: string}>}
 */
export const subscribe = (subscription) =>
  request('/api/push/subscriptions', json('POST', subscription));

/** @param {string} id */
export const unsubscribe = (id) =>
  request(`/api/push/subscriptions/${encodeURIComponent(id)}`, json('DELETE'));

/** @returns {Promise<number>} how many of the followed people are live */
export const liveFollows = async () => (await request('/api/me/follows/live')).live;
