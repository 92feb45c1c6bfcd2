import assert from 'node:assert/strict';
import test from 'node:test';
import { iceServersOf } from '../../../web/js/api/ice_servers.js';

test('each link to an ICE server gives one, with its credentials', () => {
  const header =
    '<stun:a.example>; rel="ice-server", ' +
    '<https://x/y,z>; rel="urn:ietf:params:whep:ext:core:layer", ' +
    '<turn:b.example:3478?transport=udp>; rel="ice-server"; username="1700000600:room"; ' +
    'credential="c,;\\"<d>\\\\="; credential-type="password"';
  assert.deepEqual(iceServersOf(header), [
    { urls: 'stun:a.example' },
    {
      urls: 'turn:b.example:3478?transport=udp',
      username: '1700000600:room',
      credential: 'c,;"<d>\\=',
    },
  ]);
});

test('no header, another relation or another scheme gives none', () => {
  for (const header of [
    null,
    '',
    'nonsense',
    '<stun:a>; rel=preload',
    '<https://a>; rel="ice-server"',
    '<stun:a>',
  ])
    assert.deepEqual(iceServersOf(header), []);
});
