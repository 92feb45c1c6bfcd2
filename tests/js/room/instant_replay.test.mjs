// The instant replay of a room begins only while the viewer is there.
import assert from 'node:assert/strict';
import test from 'node:test';
import { InstantReplay } from '../../../web/js/room/instant_replay.js';
import { lateModules } from '../../../web/js/room/late_modules.js';

class FakeRewind {
  static done = [];
  jump = (seconds) => void FakeRewind.done.push(seconds);
  toggle = () => void FakeRewind.done.push('toggle');
  leave = () => void FakeRewind.done.push('leave');
}

test('a viewer who leaves while the module loads gets no replay', async (context) => {
  context.mock.method(lateModules, 'rewind', async () => [{ Rewind: FakeRewind }]);
  globalThis.document = { getElementById: () => ({}) };
  context.after(() => delete globalThis.document);
  const replay = new InstantReplay({ listener: {}, room: 'r', liveTime: () => 0 });
  const [jump, toggle] = [replay.jump(-5), replay.toggle()];
  replay.leave();
  await Promise.all([jump, toggle]);
  assert.deepEqual(FakeRewind.done, []);
  await replay.jump(-10);
  assert.deepEqual(FakeRewind.done, [-10]);
});
