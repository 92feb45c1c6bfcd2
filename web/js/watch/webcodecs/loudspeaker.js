/**
 * The page's part in the sound: an AudioContext and its audio thread, which only a page can have. The samples come to it from elsewhere, by a port.
 * Fetched as a module of its own, once somebody may want to hear.
 */
const TELL_EVERY = 100; // ms
const AHEAD = 50; // ms; an output timestamp is of the past, give or take what clocks are rounded to

export class Loudspeaker {
  #context;
  #node;
  #ticker;

  /**
   * @param {AudioContext} context  closed with this
   * @param {AudioWorkletNode} node
   * @param {(output: import('./sound.js').Output) => void} tell  with times of the page's clock
   */
  constructor(context, node, tell) {
    this.#context = context;
    this.#node = node;
    node.connect(context.destination);
    this.#ticker = self.setInterval(() => tell(this.#output), TELL_EVERY);
    tell(this.#output);
  }

  /**
   * For the samples: the other end of the audio thread's port.
   * @returns {MessagePort}
   */
  connect() {
    const { port1, port2 } = new MessageChannel();
    this.#node.port.postMessage(port1, [port1]);
    return port2;
  }

  get #output() {
    const { contextTime = 0, performanceTime = 0 } = this.#context.getOutputTimestamp();
    // WebKitGTK adds the context's time to the page's and is ever further in the future: such a timestamp tells nothing.
    const believable = contextTime > 0 && performanceTime < performance.now() + AHEAD;
    return { latency: (this.#context.outputLatency || 0) * 1_000, lead: believable ? performanceTime - contextTime * 1_000 : NaN };
  }

  close() {
    self.clearInterval(this.#ticker);
    this.#node.port.postMessage('close');
    this.#node.disconnect();
    this.#context.close().catch(() => {});
  }
}

/**
 * @param {AudioContext} context
 * @param {(output: import('./sound.js').Output) => void} tell
 * @param {(reason: string) => void} broken
 * @throws {DOMException} when the audio thread does not start
 */
export async function makeLoudspeaker(context, tell, broken) {
  await context.audioWorklet.addModule(new URL('./sound_worklet.js', import.meta.url));
  const node = new AudioWorkletNode(context, 'sound', { numberOfInputs: 0, outputChannelCount: [2] });
  node.onprocessorerror = () => broken('sound: the audio thread failed');
  return new Loudspeaker(context, node, tell);
}
