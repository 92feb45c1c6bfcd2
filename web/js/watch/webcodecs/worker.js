/** The worker's first act: it waits for its place. */
import { Viewing } from './viewing.js';

const NEEDS = ['VideoDecoder', 'AudioDecoder', 'requestAnimationFrame'];

self.onmessage = ({ data }) => {
  const missing = NEEDS.filter((name) => !(name in self));
  if (missing.length) throw new Error(`a worker has no ${missing.join(', ')} here`);
  new Viewing(data);
};
