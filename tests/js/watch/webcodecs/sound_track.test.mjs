// The distance between frames and their audio, with the audio thread of the page.
import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test, { mock } from 'node:test';
import { Playhead } from '../../../../web/js/watch/webcodecs/playhead.js';
import { SoundTrack } from '../../../../web/js/watch/webcodecs/sound_track.js';
import { FakeClock, fakeEnvironment, settle } from '../../fixtures/fake_clock.mjs';
import { fragment } from '../../fixtures/fragment.mjs';

const PACKET = 20; // ms
const QUANTUM = 128 / 48; // ms
const QUANTA = 4; // in each request of the sound card
const BODY = fragment([{ duration: 960, data: [1] }]);

/** @type {new () => any} the audio thread, which registers itself */
let Processor;
Object.assign(globalThis, {
  sampleRate: 48_000,
  currentTime: 0,
  AudioWorkletProcessor: class {
    port = {};
  },
  registerProcessor: (_, processor) => (Processor = processor),
  EncodedAudioChunk: class {
    constructor(init) {
      Object.assign(this, init);
    }
  },
  AudioDecoder: class {
    state = 'unconfigured';
    decodeQueueSize = 0;
    constructor(callbacks) {
      this.callbacks = callbacks;
    }
    configure = () => void (this.state = 'configured');
    close = () => void (this.state = 'closed');
    decode = () => {
      const plane = new Float32Array(960).fill(0.5);
      this.callbacks.output({
        numberOfChannels: 1,
        numberOfFrames: plane.length,
        copyTo: (to) => to.set(plane),
        close() {},
      });
    };
  },
});
await import('../../../../web/js/watch/webcodecs/sound_worklet.js');

/** Two ports, each of which delivers at once. */
function channel() {
  const ports = [{ close() {} }, { close() {} }];
  ports.forEach((port, n) => {
    port.postMessage = (data) => ports[1 - n].onmessage?.({ data });
  });
  return ports;
}

/**
 * Plays for half a minute.
 * @param {object} network
 * @param {number} network.later    ms from a frame's arrival to the audio of the same moment
 * @param {number} network.latency  ms, of the audio output
 * @param {number} [network.delay]  ms by which the frames play behind their live edge
 * @param {[number, number][]} [network.stands]  when the audio thread stands still, from and to. It
 *   then renders the missed time before it takes the samples that wait for it
 * @param {[number, number]} [network.lost] the same, but the missed time is lost
 * @param {number} [network.reopened]  when the audio is turned off and on again
 * @returns the leads of the frames and the targets of the audio after ten seconds, the time that
 *   frames wait for audio, ms, and how often the audio ran dry
 */
async function play({ later, latency, delay = 0, stands = [], lost = [], reopened = NaN }) {
  const clock = new FakeClock();
  const track = new SoundTrack(() => steer(), assert.fail, fakeEnvironment(clock));
  const head = new Playhead();
  let waited = 0;
  const pictures = () => clock.now - delay;
  const steer = () => {
    const due = track.steer(clock.now, pictures());
    waited = pictures() - due;
    head.follow(clock.now, due);
  };
  mock.method(Date, 'now', () => clock.now);
  const stops = lost.length ? [...stands, lost] : stands;
  const stood = () => stops.some(([from, to]) => clock.now >= from && clock.now < to);
  const missed = () => (clock.now >= lost[1] ? lost[1] - lost[0] : 0);
  const kept = [];
  let [thread, deliver] = [null, (_) => {}];
  const open = () => {
    const [here, there] = channel();
    deliver = here.postMessage;
    here.postMessage = (data) => (stood() ? kept.push(data) : deliver(data));
    thread = new Processor();
    track.open(here);
    track.output = { latency, lead: NaN };
    thread.port.onmessage({ data: there });
  };
  track.configure(1);
  open();

  const [leads, targets] = [[], []];
  let [packet, quantum] = [0, 0];
  for (; clock.now < 30_000; clock.now++) {
    for (; packet * PACKET + later <= clock.now; packet++)
      track.record({ flags: 0, body: BODY }, packet * PACKET, clock.now);
    while (!stood() && quantum * QUANTUM <= clock.now - missed())
      for (let n = 0; n < QUANTA; n++) {
        globalThis.currentTime = (quantum++ * QUANTUM) / 1_000;
        thread.process([], [[new Float32Array(128), new Float32Array(128)]]);
      }
    if (!stood()) kept.splice(0).forEach(deliver);
    if (clock.now === reopened) open();
    if (clock.now % 100 === 0) steer();
    if (clock.now <= 10_000) continue;
    const { lead, target } = track.stats(clock.now, head.at(clock.now));
    leads.push(lead);
    targets.push(target);
  }
  const { dry } = track.stats(clock.now, head.at(clock.now));
  await settle();
  mock.restoreAll();
  track.close();
  return { leads, targets, waited, dry };
}

for (const [name, network] of Object.entries({
  'audio as early as its frames': { later: 5, latency: 5 },
  'frames that a trembling network delays': { later: 20, latency: 10, delay: 60 },
  'audio a packet later': { later: 35, latency: 20 },
  'a slow audio output': { later: 60, latency: 150 },
}))
  test(`audio trails by 0 to 60 ms: ${name}`, async () => {
    const { leads } = await play(network);
    assert.ok(Math.min(...leads) >= 0, `audio leads by ${-Math.min(...leads)}`);
    assert.ok(Math.max(...leads) <= 60, `audio trails by ${Math.max(...leads)}`);
  });

test('frames wait only for audio that would trail by more', async () => {
  assert.equal((await play({ later: 12, latency: 5 })).waited, 0);
  const { waited } = await play({ later: 40, latency: 10 });
  assert.ok(waited < 26, `${waited}`);
});

test('an audio thread that stands still does not raise the delay', async () => {
  const stands = [14, 18, 22, 26].map((s) => [s * 1_000, s * 1_000 + 600]);
  const { leads, targets, dry } = await play({ later: 12, latency: 5, stands });
  assert.ok(dry >= 4, 'the waiting samples come too late');
  assert.equal(Math.max(...targets), Math.min(...targets));
  assert.ok(Math.max(...leads.slice(-1_000)) <= 60, 'the audio is in time again');
});

test('an audio thread that has lost time raises the delay again soon', async () => {
  const lost = [14_000, 14_600];
  const alone = await play({ later: 12, latency: 5, lost });
  assert.equal(Math.max(...alone.targets), Math.min(...alone.targets));
  const { targets } = await play({ later: 12, latency: 5, lost, stands: [[16_500, 16_650]] });
  assert.ok(Math.max(...targets) > Math.min(...targets));
});

test('an audio thread that is late for as long as a buffer can cover raises the delay', async () => {
  const stands = [14, 18, 22, 26].map((s) => [s * 1_000, s * 1_000 + 150]);
  const { targets } = await play({ later: 12, latency: 5, stands });
  assert.ok(Math.max(...targets) > Math.min(...targets));
});

test('a spell in which the audio keeps running dry raises the delay once', async () => {
  const stands = [0, 1, 2, 3, 4].map((n) => [14_000 + n * 200, 14_150 + n * 200]);
  const once = await play({ later: 12, latency: 5, stands: stands.slice(0, 1) });
  const often = await play({ later: 12, latency: 5, stands });
  assert.ok(often.dry > once.dry);
  assert.equal(Math.max(...often.targets), Math.max(...once.targets));
});

test('a new audio thread begins with a short delay', async () => {
  const stands = [14, 16, 18, 19.5].map((s) => [s * 1_000, s * 1_000 + 150]);
  const { targets } = await play({ later: 12, latency: 5, stands, reopened: 20_000 });
  assert.ok(targets[9_900] > 25, `${targets[9_900]}`);
  assert.ok(targets[10_100] < 21, `${targets[10_100]}`);
});
