/** The entry point of the worker, which waits for a message with the options of PlayerBackend. */
import { PlayerBackend } from './player_backend.js';

const NEEDS = ['VideoDecoder', 'AudioDecoder', 'requestAnimationFrame'];

self.onmessage = ({ data }) => {
  const missing = NEEDS.filter((name) => !(name in self));
  if (missing.length) throw new Error(`a worker has no ${missing.join(', ')} here`);
  new PlayerBackend(data);
};
