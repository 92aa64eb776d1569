import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../src/config/rules.js';
import { ATTACK_TYPES } from '../../src/core/model/attack-type.js';
import { runSamples } from '../../src/core/detect/samples.js';

const RULES = join(import.meta.dirname, '../../rules');
const rules = await loadRules([RULES]);

describe('built-in rules', () => {
  it.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s does what its samples say',
    (_id, rule) => {
      const results = runSamples(rule);
      expect(results.length).toBeGreaterThan(0);
      expect(results.filter(({ failure }) => failure !== null)).toEqual([]);
    },
  );

  it('reach the threshold of a block at once, but for the polite look', () => {
    const weak = rules.filter(({ points }) => points < 100).map(({ id }) => id);
    expect(weak).toEqual(['options-look']);
  });

  it('name attacks of the four families', () => {
    const named = new Set(rules.map(({ attackType }) => attackType));
    expect(ATTACK_TYPES.filter((type) => named.has(type))).toEqual([
      'reconnaissance',
      'sip_scan',
      'extension_enumeration',
      'call_spam',
      'credential_attack',
    ]);
  });
});
