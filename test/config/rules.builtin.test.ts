import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../src/config/rules/rules.js';
import { ATTACK_TYPES } from '../../src/core/model/attack-type.js';
import { runSamples } from '../../src/core/detect/rules/samples.js';

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

  it('reach the threshold of a block at once, but for those that are only a part of the proof', () => {
    const weak = rules.filter(({ points }) => points < 100).map(({ id }) => id);
    expect(weak).toEqual([
      'call-out-second',
      'likely-password-source',
      'credential-slow-response',
      'credential-slow-call-id',
      'credential-replay',
      'credential-second',
      'credential-accounts',
      'credential-accounts-once',
      'extension-probe',
      'extension-walk',
      'nmap-version-probe',
      'nmap-sip-enum-users',
      'options-look',
      'mrsip',
      'faked-stack',
      'pbx-costly-call-through',
      'protocols-sweep',
      'sipsak-options',
    ]);
  });

  it('name every attack, also without those that know a tool', () => {
    for (const some of [rules, rules.filter(({ basis }) => basis === 'behaviour')]) {
      const named = new Set(some.map(({ attackType }) => attackType));
      expect(ATTACK_TYPES.filter((type) => !named.has(type))).toEqual([]);
    }
  });

  it('know a tool by its name or make only where they say so', () => {
    const names = /sipvicious|friendly-scanner|nmap|sipsak|sipcli|sippts/i;
    const undeclared = rules.filter(
      ({ basis, when }) => basis === 'behaviour' && names.test(when ?? ''),
    );
    expect(undeclared).toEqual([]);
  });
});
