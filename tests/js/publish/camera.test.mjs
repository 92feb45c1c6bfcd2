// Camera and microphone, with fake devices.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeDevices, FakeMediaStream } from '../fixtures/fake_camera.mjs';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';

globalThis.MediaStream = FakeMediaStream;
const { Camera } = await import('../../../web/js/publish/camera.js');

async function make({ open = true, ...devices } = {}) {
  const clock = new FakeClock();
  const made = Object.assign(new FakeDevices(), devices);
  const [replaced, changes] = [[], []];
  const listener = {
    replaced: (track) => replaced.push(track.kind),
    changed: () => changes.push(clock.now),
  };
  const camera = new Camera(listener, made, fakeEnvironment(clock));
  if (open) await camera.open();
  return { camera, clock, devices: made, replaced, changes };
}

test('without a microphone there is video; after a denial nothing more is asked', async () => {
  const missing = await make({ refusals: { audio: 'NotFoundError' } });
  assert.deepEqual([missing.camera.audio, missing.camera.video?.kind], [null, 'video']);
  const denied = await make({ open: false, refusals: { audio: 'NotAllowedError' } });
  await assert.rejects(denied.camera.open(), { reason: 'denied' });
  assert.equal(denied.devices.asked.length, 1);
  const silent = await make({
    refusals: { audio: 'NotAllowedError' },
    cameraPermission: 'granted',
  });
  assert.equal(silent.camera.video?.kind, 'video');
});

test('each error of the browser has a reason', async () => {
  const cases = {
    NotAllowedError: 'denied',
    SecurityError: 'denied',
    NotFoundError: 'missing',
    OverconstrainedError: 'missing',
    NotReadableError: 'busy',
    AbortError: 'busy',
  };
  for (const [name, reason] of Object.entries(cases)) {
    const { camera } = await make({ open: false, refusals: { video: name } });
    await assert.rejects(camera.open(), { reason });
  }
});

test('muting and hiding also hold for tracks that come later', async () => {
  const { camera, devices } = await make();
  camera.mute(true);
  camera.pause(true);
  devices.given[0].end();
  devices.given[1].end();
  await camera.recover();
  assert.deepEqual([camera.video?.enabled, camera.audio?.enabled], [false, false]);
  camera.mute(false);
  camera.pause(false);
  assert.deepEqual([camera.video?.enabled, camera.audio?.enabled], [true, true]);
});

test('flipping switches to the other camera, by its facing mode or else by its id', async () => {
  const phone = await make();
  await phone.camera.flip();
  assert.equal(phone.camera.video?.getSettings().deviceId, 'back');
  assert.equal(phone.camera.mirrored, false);
  const desk = await make({ cameras: [{ deviceId: 'one' }, { deviceId: 'two' }] });
  await desk.camera.flip();
  assert.equal(desk.camera.video?.getSettings().deviceId, 'two');
  assert.equal(desk.camera.mirrored, true);
  await desk.camera.flip();
  assert.equal(desk.camera.video?.getSettings().deviceId, 'one');
  assert.deepEqual(desk.replaced, ['video', 'video']);
  assert.equal(desk.devices.live.length, 2, 'one camera and one microphone');
});

test('a flip that fails returns to the camera before', async () => {
  const { camera, devices } = await make();
  devices.refusals = { environment: 'NotReadableError' };
  await camera.flip();
  assert.deepEqual([camera.facing, camera.video?.getSettings().deviceId], ['user', 'front']);
  devices.refusals = { video: 'NotReadableError' };
  await assert.rejects(camera.flip(), { reason: 'busy' });
});

test('a loss is certain when a track ends, or after a second of mute', async () => {
  const { camera, clock, devices, changes } = await make();
  const [video, audio] = devices.given;
  assert.equal(camera.loss(0).lost, null);
  audio.setMuted(true);
  assert.deepEqual(camera.loss(0), { lost: 'microphone', certainAt: 1_000 });
  await clock.advance(500);
  video.setMuted(true);
  assert.deepEqual(camera.loss(500), { lost: 'microphone', certainAt: 1_000 });
  audio.setMuted(false);
  assert.deepEqual(camera.loss(500), { lost: 'camera', certainAt: 1_500 });
  video.end();
  assert.deepEqual(camera.loss(600), { lost: 'camera', certainAt: 600 });
  assert.equal(changes.length, 4);
});

test('only the lost track is replaced', async () => {
  const { camera, devices, replaced } = await make();
  devices.given[1].end();
  await camera.recover();
  assert.deepEqual([replaced, camera.loss(0).lost, devices.live.length], [['audio'], null, 2]);
  devices.given[0].end();
  await camera.recover();
  assert.deepEqual(replaced, ['audio', 'video']);
});

test('a live track without frames is lost, but not while or just after it is hidden', async () => {
  const { camera, clock } = await make();
  camera.pause(true);
  camera.reportFrozen();
  camera.pause(false);
  await clock.advance(2_000);
  camera.reportFrozen();
  assert.equal(camera.loss(clock.now).lost, null);
  await clock.advance(1);
  camera.reportFrozen();
  assert.equal(camera.loss(clock.now).lost, 'camera');
});

test('close switches all off, also what the browser gives later', async () => {
  const { camera, devices } = await make();
  const flipped = camera.flip();
  const opened = camera.open();
  await settle();
  camera.close();
  await Promise.all([flipped, opened]);
  assert.deepEqual([devices.live, camera.stream.getTracks()], [[], []]);
  const late = await make({ open: false });
  const opening = late.camera.open();
  late.camera.close();
  await opening;
  assert.deepEqual(late.devices.live, []);
});
