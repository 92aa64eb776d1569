import { expect, it } from 'vitest';
import { judgeWithoutAgent } from '../../../src/agent/control/in-force.js';

it.each([
  ['enforce', true, true, /table of its last run stands/],
  ['enforce', true, false, /none of these blocks is in force\. The next start/],
  ['enforce', false, false, /cannot be told: only root may ask/],
  ['observe', false, false, /none of these blocks is in force: mode is observe/],
] as const)(
  'no agent, mode %s, enforcing %s, table there %s: %s',
  (mode, enforcing, present, said) => {
    expect(judgeWithoutAgent({ mode, enforcing, present, why: 'only root may ask' })).toMatch(said);
  },
);
