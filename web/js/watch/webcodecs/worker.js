/** The entry point of the worker: waits for its options. */
import { PlayerBackend } from './player_backend.js';

const NEEDS = ['VideoDecoder', 'AudioDecoder', 'requestAnimationFrame'];

self.onmessage = ({ data }) => {
  const missing = NEEDS.filter((name) => !(name in self));
  if (missing.length) throw new Error(`a worker has no ${missing.join(', ')} here`);
  new PlayerBackend(data);
};
