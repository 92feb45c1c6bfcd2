/** The worker's entry: waits for its options. */
import { Viewing } from './viewing.js';

const NEEDS = ['VideoDecoder', 'AudioDecoder', 'requestAnimationFrame'];

self.onmessage = ({ data }) => {
  const missing = NEEDS.filter((name) => !(name in self));
  if (missing.length) throw new Error(`a worker has no ${missing.join(', ')} here`);
  new Viewing(data);
};
