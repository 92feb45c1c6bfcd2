/**
 * Sends requests about people to the server's HTTP API (server/API.md): the person of this browser,
 * handles, devices, follows, hidden people. The cookie identifies the person; these requests never
 * send a creator key.
 *
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {number} colour  0 to 11
 * @property {string | null} handle  the person's handle; null for a guest
 *
 * @typedef {object} Me
 * @property {Person} person
 * @property {boolean} guest  whether the person has no handle
 * @property {'' | 'en' | 'ko' | null} language  empty or null: the language of the browser
 * @property {boolean} passkeys  whether passkeys are possible at this address
 * @property {number | null} delete_at  Unix seconds at which the person is deleted
 *
 * @typedef {object} Device
 * @property {string} device
 * @property {string} label
 * @property {number} created_at Unix seconds
 * @property {number} seen_at    Unix seconds
 * @property {boolean} current   whether this entry is this browser
 *
 * @typedef {object} Passkey
 * @property {string} id
 * @property {string} label
 * @property {number} created_at Unix seconds
 * @property {number | null} used_at Unix seconds
 *
 * @typedef {object} Transfer
 * @property {string} code  12 characters
 * @property {string} url
 * @property {string} qr  SVG
 * @property {number} expires_at Unix seconds
 *
 * @typedef {object} SignedIn
 * @property {Person} person
 * @property {number | null} delete_at Unix seconds
 *
 * @typedef {object} Profile
 * @property {Person} person
 * @property {string} bio
 * @property {string} link  https URL; empty for no link
 * @property {number} followers
 * @property {import('../api/rooms_api.js').RoomInfo[]} live
 *
 * @typedef {object} Report
 * @property {string} id
 * @property {string} room
 * @property {'message' | 'person' | 'room'} kind
 * @property {{n: number, text: string} | null} message
 * @property {Person | null} person  the reported person
 * @property {string} reason
 * @property {string} text
 * @property {'open' | 'decided'} state
 * @property {string | null} decision
 * @property {string} note
 * @property {string | null} answer
 * @property {number} at Unix seconds
 */
import { json, request } from '../api/request.js';

/** @param {string} text */
const segment = (text) => encodeURIComponent(text);

/** @param {{person: Person}[]} entries */
const people = (entries) => entries.map(({ person }) => person);

/** @returns {Promise<Me>} */
export const me = () => request('/api/me');

/**
 * @param {{name?: string, language?: '' | 'en' | 'ko' | null, bio?: string, link?: string}} changes
 *   `bio` and `link` only for the holder of a handle
 * @returns {Promise<Me>}
 */
export const change = (changes) => request('/api/me', json('PATCH', changes));

/**
 * Gives the person a handle, or changes the person's handle. The answer contains a recovery code
 * only for the person's first handle.
 * @param {string} handle
 * @returns {Promise<{person: Person, recovery_code?: string}>}
 */
export const takeHandle = (handle) => request('/api/me/handle', json('PUT', { handle }));

/** @returns {Promise<{recovery_code: string}>} the new code; the former code becomes invalid */
export const newRecoveryCode = () => request('/api/me/recovery', json('POST', {}));

/**
 * @param {string} handle
 * @param {string} code
 * @returns {Promise<SignedIn>}
 */
export const recover = (handle, code) => request('/api/recover', json('POST', { handle, code }));

/** @returns {Promise<Device[]>} */
export const devices = async () => (await request('/api/me/devices')).devices;

/** @param {string} device */
export const signOut = (device) => request(`/api/me/devices/${segment(device)}`, json('DELETE'));

export const signOutEverywhere = () => request('/api/me/devices', json('DELETE'));

/** @returns {Promise<Passkey[]>} */
export const passkeys = async () => (await request('/api/me/passkeys')).passkeys;

/** @returns {Promise<any>} options for `navigator.credentials.create` */
export const passkeyOptions = () => request('/api/me/passkeys/options', json('POST', {}));

/**
 * @param {unknown} credential  as `PublicKeyCredential.toJSON()` writes it
 * @param {string} label
 */
export const addPasskey = (credential, label) =>
  request('/api/me/passkeys', json('POST', { credential, label }));

/** @param {string} passkey */
export const removePasskey = (passkey) =>
  request(`/api/me/passkeys/${segment(passkey)}`, json('DELETE'));

/** @returns {Promise<any>} options for `navigator.credentials.get` */
export const signInOptions = () => request('/api/sign-in/options', json('POST', {}));

/**
 * @param {unknown} credential  as `PublicKeyCredential.toJSON()` writes it
 * @returns {Promise<SignedIn>}
 */
export const signIn = (credential) => request('/api/sign-in', json('POST', { credential }));

/** @returns {Promise<Transfer>} */
export const makeTransfer = () => request('/api/me/transfers', json('POST', {}));

/**
 * @param {string} code
 * @returns {Promise<SignedIn>}
 */
export const useTransfer = (code) => request('/api/transfers', json('POST', { code }));

/** @returns {Promise<Person[]>} */
export const hidden = async () => people((await request('/api/me/hidden')).hidden);

/** @param {string} person */
export const hide = (person) => request(`/api/me/hidden/${segment(person)}`, json('PUT', {}));

/** @param {string} person */
export const unhide = (person) => request(`/api/me/hidden/${segment(person)}`, json('DELETE'));

/** @returns {Promise<Person[]>} */
export const follows = async () => (await request('/api/me/follows')).follows;

/**
 * @param {string} person
 * @returns {Promise<{followers: number}>}
 */
export const follow = (person) => request(`/api/follows/${segment(person)}`, json('PUT', {}));

/**
 * @param {string} person
 * @returns {Promise<{followers: number}>}
 */
export const unfollow = (person) => request(`/api/follows/${segment(person)}`, json('DELETE'));

/** @returns {Promise<unknown>} everything that the server stores about this person */
export const myData = () => request('/api/me/data', { signal: AbortSignal.timeout(60_000) });

/** @returns {Promise<{delete_at: number}>} */
export const deleteMe = () => request('/api/me', json('DELETE'));

export const restoreMe = () => request('/api/me/restore', json('POST', {}));

/** @returns {Promise<{made: Report[], about: Report[]}>} the newest first */
export const myReports = () => request('/api/me/reports');

/**
 * @param {string} report
 * @param {string} answer
 */
export const answerReport = (report, answer) =>
  request(`/api/reports/${segment(report)}/answer`, json('PUT', { answer }));

/**
 * @param {string} handle
 * @returns {Promise<Profile>}
 */
export const profile = (handle) => request(`/api/handles/${segment(handle)}`);
