/**
 * What can keep somebody from going live, and what to do about it, in words for people.
 *
 * @typedef {object} Obstacle
 * @property {string} name
 * @property {string} heading
 * @property {string} text
 * @property {string[]} steps
 * @property {'retry' | 'copy' | 'none'} action
 */
import { videoCodecs } from './whip.js';

const IN_APP = /Instagram|FBAN|FBAV|FB_IAB|musical_ly|BytedanceWebview|TikTok|Snapchat|Twitter|LinkedInApp|Line\/|MicroMessenger|Pinterest/i;
const IOS = /iPhone|iPad|iPod/;

/**
 * What stands in the way before the camera is asked for; null when nothing does.
 * @returns {Obstacle | null}
 */
export function obstacleHere() {
  if (IN_APP.test(navigator.userAgent)) return inApp();
  if (!isSecureContext) return INSECURE;
  if (!navigator.mediaDevices?.getUserMedia || !('RTCPeerConnection' in self)) return NO_WEBRTC;
  if (!videoCodecs().length) return NO_CODEC;
  return null;
}

/**
 * @param {'denied' | 'missing' | 'busy'} reason
 * @returns {Obstacle}
 */
export function cameraObstacle(reason) {
  if (reason === 'missing') return NO_CAMERA;
  return reason === 'busy' ? BUSY : denied();
}

/** @returns {Obstacle} */
function inApp() {
  const phone = IOS.test(navigator.userAgent);
  return {
    name: 'in-app',
    heading: 'Open this page in your browser',
    text: 'You are inside another app, and apps keep the camera to themselves.',
    steps: [
      phone ? 'Tap ··· or the share button of this app' : 'Tap ⋮ at the top right',
      phone ? 'Choose “Open in Safari”' : 'Choose “Open in Chrome” or “Open in browser”',
      'Not there? Copy the link and paste it into your browser',
    ],
    action: 'copy',
  };
}

/** @returns {Obstacle} */
function denied() {
  const phone = IOS.test(navigator.userAgent);
  return {
    name: 'denied',
    heading: 'The camera is switched off for this page',
    text: 'Nobody sees you until you go live. To do so, the page needs your camera and microphone.',
    steps: phone
      ? ['Tap the page-settings button in the address bar', 'Open “Website settings”', 'Allow camera and microphone, then try again']
      : ['Tap the icon left of the address', 'Allow camera and microphone', 'Try again; some browsers want the page reloaded'],
    action: 'retry',
  };
}

/** @type {Obstacle} */
const NO_CAMERA = {
  name: 'no-camera',
  heading: 'No camera found',
  text: 'This device has no camera that the browser can see.',
  steps: ['Plug one in, or switch it on', 'Or open this page on your phone'],
  action: 'retry',
};

/** @type {Obstacle} */
const BUSY = {
  name: 'busy',
  heading: 'The camera is in use',
  text: 'Another app or another tab holds it.',
  steps: ['Close what else uses the camera', 'Then try again'],
  action: 'retry',
};

/** @type {Obstacle} */
const INSECURE = {
  name: 'insecure',
  heading: 'This page needs https',
  text: 'Browsers give the camera only to pages with a secure address.',
  steps: ['Use the address that begins with https://', 'Your own server: start it with --lan, and open the link it prints'],
  action: 'none',
};

/** @type {Obstacle} */
const NO_WEBRTC = {
  name: 'no-webrtc',
  heading: 'This browser cannot go live',
  text: 'It has no way to send a camera’s picture.',
  steps: ['Update it, or use a current Chrome, Safari or Edge'],
  action: 'copy',
};

/** @type {Obstacle} */
const NO_CODEC = {
  name: 'no-codec',
  heading: 'This browser cannot encode H.264 or VP8',
  text: 'Those are the picture formats that can be sent here, and this browser has an encoder for neither.',
  steps: ['Use Safari, Edge, Firefox or Chrome, here or on another device'],
  action: 'retry',
};
