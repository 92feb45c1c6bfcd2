import assert from 'node:assert/strict';
import test from 'node:test';
import { LeadMeter } from '../../../../web/js/watch/whep/lead_meter.js';

test('the lead is the average of a second, and NaN without any', () => {
  const meter = new LeadMeter();
  assert.ok(Number.isNaN(meter.take()));
  for (const picture of [140, 150, 160]) meter.add(picture, 170);
  meter.add(NaN, 170);
  assert.equal(meter.take(), -20);
  assert.ok(Number.isNaN(meter.take()));
});
