import { join } from 'node:path';
import { expect, it } from 'vitest';
import { warmUp } from '../../src/agent/warm-up.js';
import { loadRules } from '../../src/config/rules/rules.js';
import { compileRules } from '../../src/core/detect/detect.js';
import { makeSettings } from '../core/trap/message.js';
import { DEFAULT_POLICY } from '../default-policy.js';

const settings = {
  policy: { ...DEFAULT_POLICY, observing: true },
  scoreHalfLifeS: 3_600,
  answers: makeSettings(),
  seed: 7,
};

it('goes through answers, sightings and blocks, also of an agent that observes', async () => {
  const rules = compileRules(await loadRules([join(import.meta.dirname, '../../rules')]));
  const counts = await warmUp({ settings, rules }, () => false);
  expect(counts.received).toBe(6_000);
  expect(counts.answered).toBeGreaterThan(1_600);
  expect(counts.sightings).toBeGreaterThan(2_800);
  expect(counts.blocks).toBeGreaterThan(2_800);
});

it('ends when it is told to', async () => {
  let turns = 0;
  const counts = await warmUp({ settings, rules: compileRules([]) }, () => (turns += 1) > 40);
  expect(counts.received).toBe(40);
});
