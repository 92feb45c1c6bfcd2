// What prevents going live, by browser.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { browserObstacle, cameraObstacle } from '../../../web/js/publish/obstacles.js';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/140.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 ' +
  '(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
const able = { userAgent: CHROME, secure: true, camera: true, webrtc: true, codec: true };

test('a browser that can do all has no obstacle', () => {
  assert.equal(browserObstacle(able), null);
  assert.equal(browserObstacle({ ...able, userAgent: IPHONE }), null);
});

test('the first obstacle is the one to remove first', () => {
  const cases = [
    ['in_app', { userAgent: `${IPHONE} Instagram 300.0`, secure: false, camera: false }],
    ['insecure', { secure: false, camera: false, webrtc: false, codec: false }],
    ['no_webrtc', { camera: false, codec: false }],
    ['no_webrtc', { webrtc: false, codec: false }],
    ['no_codec', { codec: false }],
  ];
  for (const [name, change] of cases)
    assert.equal(browserObstacle({ ...able, ...change })?.name, name);
});

test('the browsers inside other apps are known', () => {
  for (const app of [
    '[FBAN/FBIOS;FBAV/450]',
    'musical_ly_2022 BytedanceWebview',
    'Line/13.1',
    'MicroMessenger/8.0',
    'Snapchat 12',
    'Twitter for iPhone',
  ]) {
    assert.equal(browserObstacle({ ...able, userAgent: `${CHROME} ${app}` })?.action, 'copy', app);
  }
});

test('each obstacle says what to do, and steps fit the device', () => {
  const names = new Set();
  for (const reason of ['denied', 'missing', 'busy']) {
    for (const userAgent of [CHROME, IPHONE]) {
      const { name, heading, text, steps, action } = cameraObstacle(reason, userAgent);
      names.add(name);
      assert.ok(heading && text && steps.length && action === 'retry');
    }
  }
  assert.deepEqual([...names], ['denied', 'missing', 'busy']);
  assert.match(cameraObstacle('denied', IPHONE).steps[0], /^Tap/);
  assert.match(cameraObstacle('denied', CHROME).steps[0], /^Click/);
});
