/** Replaces the recovery code. The page shows the new code once. */
import * as api from '../people/people_api.js';
import { showRecoveryCode } from '../people/recovery_dialog.js';
import { Section } from './section.js';

export class RecoverySection extends Section {
  constructor() {
    super('recovery');
    this.on('make', async () => showRecoveryCode((await api.newRecoveryCode()).recovery_code));
  }
}
