// The studio's pure parts. Run: node --test tests/js
import assert from 'node:assert/strict';
import test from 'node:test';
import { Uplink } from '../../../web/js/publish/uplink.js';
import { WhipError, trickleFragment } from '../../../web/js/publish/whip.js';

const seconds = (uplink, count, estimate) => {
  let changes = 0;
  for (let n = 0; n < count; n++) changes += uplink.measure(estimate) ? 1 : 0;
  return changes;
};

test('a good path keeps full resolution; a moment below 600 kbps does not change it', () => {
  const uplink = new Uplink();
  assert.equal(seconds(uplink, 60, 2_000_000), 0);
  assert.equal(seconds(uplink, 3, 300_000), 0);
  assert.equal(seconds(uplink, 1, 2_000_000), 0);
  assert.equal(uplink.level.scale, 1);
});

test('a weak path steps down, and up again when there is room', () => {
  const uplink = new Uplink();
  assert.equal(seconds(uplink, 5, 400_000), 1);
  assert.equal(uplink.level.preference, 'balanced');
  assert.equal(seconds(uplink, 5, 100_000), 1);
  assert.equal(uplink.level.preference, 'maintain-framerate');
  assert.equal(seconds(uplink, 120, 2_000_000), 2);
  assert.equal(uplink.level.scale, 1);
});

test('an ascent that did not last makes the next one wait longer', () => {
  const uplink = new Uplink();
  seconds(uplink, 4, 400_000);
  assert.equal(seconds(uplink, 10, 1_000_000), 1);
  seconds(uplink, 4, 400_000);
  assert.equal(seconds(uplink, 19, 1_000_000), 0);
  assert.equal(seconds(uplink, 1, 1_000_000), 1);
});

test('a trickle fragment names the transport, its first section and the candidates', () => {
  const sdp = ['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=ice-ufrag:abcd', 'a=ice-pwd:secret', 'a=mid:0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:1', ''].join('\r\n');
  const fragment = trickleFragment(sdp, [{ candidate: 'candidate:1 1 udp 1 127.0.0.1 5000 typ host' }], true);
  assert.equal(fragment, 'a=ice-ufrag:abcd\r\na=ice-pwd:secret\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 5000 typ host\r\na=end-of-candidates\r\n');
});

test('only refusals that another attempt cannot mend are final', () => {
  for (const status of [401, 403, 404, 409, 422]) assert.ok(new WhipError('', status).final);
  for (const status of [0, 429, 500, 503]) assert.ok(!new WhipError('', status).final);
});
