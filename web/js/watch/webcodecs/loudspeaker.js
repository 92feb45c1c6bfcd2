/**
 * The audio output: an AudioContext and its audio thread. Only a page can create these objects, so
 * the samples of a worker arrive through a port. The page loads this module after the first frame.
 */
import { BROWSER } from '../../page/environment.js';

const TELL_EVERY = 100; // ms
const AHEAD = 50; // ms; clocks are rounded, so a valid timestamp may be this far in the future

export class Loudspeaker {
  #environment;
  #context;
  #node;
  #ticker;

  /**
   * @param {AudioContext} context  closed with this object
   * @param {AudioWorkletNode} node
   * @param {(output: import('./sound.js').Output) => void} tell  called with figures in times of
   *   the page's clock
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(context, node, tell, environment = BROWSER) {
    this.#environment = environment;
    this.#context = context;
    this.#node = node;
    node.connect(context.destination);
    this.#ticker = environment.setInterval(() => tell(this.#output), TELL_EVERY);
    tell(this.#output);
  }

  /**
   * Returns a port through which samples reach the audio thread.
   * @returns {MessagePort}
   */
  connect() {
    const { port1, port2 } = new MessageChannel();
    this.#node.port.postMessage(port1, [port1]);
    return port2;
  }

  get #output() {
    const { contextTime = 0, performanceTime = 0 } = this.#context.getOutputTimestamp();
    // WebKitGTK adds the context's time to the page's time, so its timestamps move into the future.
    const believable = contextTime > 0 && performanceTime < this.#environment.now() + AHEAD;
    return {
      latency: (this.#context.outputLatency || 0) * 1_000,
      lead: believable ? performanceTime - contextTime * 1_000 : NaN,
    };
  }

  close() {
    this.#environment.clearInterval(this.#ticker);
    this.#node.port.postMessage('close');
    this.#node.disconnect();
    this.#context.close().catch(() => {});
  }
}

/**
 * @param {AudioContext} context
 * @param {(output: import('./sound.js').Output) => void} tell
 * @param {(reason: string) => void} broken
 * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
 * @throws {DOMException} if the audio thread does not start
 */
export async function makeLoudspeaker(context, tell, broken, environment = BROWSER) {
  await context.audioWorklet.addModule(new URL('./sound_worklet.js', import.meta.url));
  const node = new AudioWorkletNode(context, 'sound', {
    numberOfInputs: 0,
    outputChannelCount: [2],
  });
  node.onprocessorerror = () => broken('sound: the audio thread failed');
  return new Loudspeaker(context, node, tell, environment);
}
