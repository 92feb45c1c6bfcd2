/** Replaces the recovery code. The page shows the new code once. */
import * as api from '../people/people_api.js';
import { Section } from './section.js';

export class RecoverySection extends Section {
  /** @param {(code: string) => void} showCode */
  constructor(showCode) {
    super('recovery');
    this.on('make', async () => showCode((await api.newRecoveryCode()).recovery_code));
  }
}
