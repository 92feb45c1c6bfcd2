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
  if (!secure) return INSECURE;
  if (!camera || !webrtc) return NO_WEBRTC;
  return codec ? null : NO_CODEC;
}

/**
 * @param {import('./camera.js').CameraError['reason']} reason
 * @param {string} userAgent
 * @returns {Obstacle}
 */
export function cameraObstacle(reason, userAgent) {
  if (reason === 'missing') return NO_CAMERA;
  return reason === 'busy' ? BUSY : denied(userAgent);
}

/**
 * @param {string} userAgent
 * @returns {Obstacle}
 */
function inApp(userAgent) {
  const ios = IOS.test(userAgent);
  return {
    name: 'in-app',
    heading: 'Open this page in your browser',
    text: 'This page is open inside another app, which gives it no camera.',
    steps: [
      ios ? 'Tap ··· or the share button of this app' : 'Tap ⋮ at the top right',
      ios ? 'Choose “Open in Safari”' : 'Choose “Open in Chrome” or “Open in browser”',
      'Not there? Copy the link and paste it into your browser',
    ],
    action: 'copy',
  };
}

/**
 * @param {string} userAgent
 * @returns {Obstacle}
 */
function denied(userAgent) {
  return {
    name: 'denied',
    heading: 'Camera access is blocked',
    text: 'This page needs your camera and microphone. Viewers see nothing until you go live.',
    steps: IOS.test(userAgent)
      ? [
          'Tap the page settings button in the address bar',
          'Open “Website Settings”',
          'Allow camera and microphone, then try again',
        ]
      : [
          'Click the icon to the left of the address',
          'Allow camera and microphone',
          'Try again; some browsers need a reload of the page',
        ],
    action: 'retry',
  };
}

/** @type {Obstacle} */
const NO_CAMERA = {
  name: 'no-camera',
  heading: 'No camera found',
  text: 'The browser finds no camera on this device.',
  steps: ['Plug in a camera, or switch it on', 'Or open this page on your phone'],
  action: 'retry',
};

/** @type {Obstacle} */
const BUSY = {
  name: 'busy',
  heading: 'The camera is in use',
  text: 'Another app or another tab uses it.',
  steps: ['Close the other app or tab', 'Then try again'],
  action: 'retry',
};

/** @type {Obstacle} */
const INSECURE = {
  name: 'insecure',
  heading: 'This page needs https',
  text: 'Browsers allow the camera only on pages with a secure address.',
  steps: [
    'Use the address that begins with https://',
    'On your own server: start it with --lan and open the link that it prints',
  ],
  action: 'none',
};

/** @type {Obstacle} */
const NO_WEBRTC = {
  name: 'no-webrtc',
  heading: 'This browser cannot go live',
  text: 'It cannot send video from a camera.',
  steps: ['Update it, or use a current Chrome, Safari, Edge or Firefox'],
  action: 'copy',
};

/** @type {Obstacle} */
const NO_CODEC = {
  name: 'no-codec',
  heading: 'This browser cannot encode H.264 or VP8',
  text: 'Going live needs one of these video formats.',
  steps: ['Use Safari, Edge, Firefox or Chrome, here or on another device'],
  action: 'retry',
};
