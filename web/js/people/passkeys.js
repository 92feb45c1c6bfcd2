/** Makes and uses passkeys through the browser (Web Authentication Level 3). */
import * as api from './people_api.js';

/** Thrown if the browser or the person refuses to make or use a passkey. */
export class PasskeyRefused extends Error {}

/** Whether this browser can read and write passkeys as JSON. */
export function browserHasPasskeys() {
  return (
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function'
  );
}

/**
 * Makes a passkey for the person of this browser.
 * @param {string} label
 * @throws {PasskeyRefused | import('../api/request.js').ApiError}
 */
export async function makePasskey(label) {
  const options = await api.passkeyOptions();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await asked(() => navigator.credentials.create({ publicKey }));
  await api.addPasskey(credential, label);
}

/**
 * Signs in with a passkey. Afterwards, the cookie identifies the person who made the passkey.
 * @throws {PasskeyRefused | import('../api/request.js').ApiError}
 */
export async function signInWithPasskey() {
  const options = await api.signInOptions();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await asked(() => navigator.credentials.get({ publicKey }));
  return api.signIn(credential);
}

/**
 * @param {() => Promise<Credential | null>} ask
 * @returns {Promise<unknown>} the credential as JSON
 */
async function asked(ask) {
  try {
    const credential = /** @type {PublicKeyCredential | null} */ (await ask());
    if (credential) return credential.toJSON();
  } catch (error) {
    throw new PasskeyRefused(/** @type {Error} */ (error).name);
  }
  throw new PasskeyRefused('none');
}
