/**
 * Finds the obstacle that prevents a creator from going live, with a text and the steps that help.
 * Pure.
 *
 * @typedef {object} Obstacle
 * @property {string} name
 * @property {string} heading
 * @property {string} text
 * @property {string[]} steps
 * @property {'retry' | 'copy' | 'none'} action
 *
 * @typedef {object} BrowserFeatures
 * @property {string} userAgent
 * @property {boolean} secure  the page is a secure context
 * @property {boolean} camera  getUserMedia exists
 * @property {boolean} webrtc  RTCPeerConnection exists
 * @property {boolean} codec   H.264 or VP8 can be sent
 */
import { t } from '../page/strings.js';
import { videoCodecs } from './whip.js';

/** Strings in the user agents of browsers that run inside other apps. */
const APPS = [
  'Instagram',
  'FBAN',
  'FBAV',
  'FB_IAB',
  'musical_ly',
  'BytedanceWebview',
  'TikTok',
  'Snapchat',
  'Twitter',
  'LinkedInApp',
  'Line/',
  'MicroMessenger',
  'Pinterest',
];
const IN_APP = new RegExp(APPS.join('|'), 'i');
const IOS = /iPhone|iPad|iPod/;

/** @returns {BrowserFeatures} */
export function browserFeatures() {
  return {
    userAgent: navigator.userAgent,
    secure: isSecureContext,
    camera: Boolean(navigator.mediaDevices?.getUserMedia),
    webrtc: 'RTCPeerConnection' in self,
    codec: videoCodecs().length > 0,
  };
}

/**
 * Returns the first obstacle that can be found before the camera is requested, or null.
 * @param {BrowserFeatures} browser
 * @returns {Obstacle | null}
 */
export function browserObstacle({ userAgent, secure, camera, webrtc, codec }) {
  if (IN_APP.test(userAgent)) return inApp(userAgent);
  if (!secure) return obstacle('insecure', ['https', 'lan'], 'none');
  if (!camera || !webrtc) return obstacle('no_webrtc', ['update'], 'copy');
  return codec ? null : obstacle('no_codec', ['use'], 'retry');
}

/**
 * @param {import('./camera.js').CameraError['reason']} reason
 * @param {string} userAgent
 * @returns {Obstacle}
 */
export function cameraObstacle(reason, userAgent) {
  if (reason === 'missing') return obstacle('missing', ['plug', 'phone'], 'retry');
  if (reason === 'busy') return obstacle('busy', ['close', 'then'], 'retry');
  const steps = IOS.test(userAgent)
    ? ['open_ios', 'settings_ios', 'allow_ios']
    : ['open', 'allow', 'reload'];
  return obstacle('denied', steps, 'retry');
}

/**
 * @param {string} userAgent
 * @returns {Obstacle}
 */
function inApp(userAgent) {
  const system = IOS.test(userAgent) ? 'ios' : 'android';
  return obstacle('in_app', [`menu_${system}`, `open_${system}`, 'or_copy'], 'copy');
}

/**
 * @param {string} name  key of the obstacle in the strings, below `obstacle`
 * @param {string[]} steps  keys of the steps in the strings, below the obstacle's key
 * @param {Obstacle['action']} action
 * @returns {Obstacle}
 */
function obstacle(name, steps, action) {
  const text = (/** @type {string} */ key) => t(`obstacle.${name}.${key}`);
  return { name, heading: text('heading'), text: text('text'), steps: steps.map(text), action };
}
