// The distance between frames and their audio, with the audio thread of the page.
import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
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
 * @returns the leads of the frames after ten seconds, and the time that frames wait for audio, ms
 */
async function play({ later, latency, delay = 0 }) {
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
  const [here, there] = channel();
  const thread = new Processor();
  track.configure(1);
  track.open(here);
  track.output = { latency, lead: NaN };
  thread.port.onmessage({ data: there });

  const leads = [];
  let [packet, quantum] = [0, 0];
  for (; clock.now < 30_000; clock.now++) {
    for (; packet * PACKET + later <= clock.now; packet++)
      track.record({ flags: 0, body: BODY }, packet * PACKET, clock.now);
    while (quantum * QUANTUM <= clock.now)
      for (let n = 0; n < QUANTA; n++) {
        globalThis.currentTime = (quantum++ * QUANTUM) / 1_000;
        thread.process([], [[new Float32Array(128), new Float32Array(128)]]);
      }
    if (clock.now % 100 === 0) steer();
    if (clock.now > 10_000) leads.push(track.stats(clock.now, head.at(clock.now)).lead);
  }
  await settle();
  track.close();
  return { leads, waited };
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
