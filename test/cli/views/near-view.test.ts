import { expect, it } from 'vitest';
import type { NearView } from '../../../src/api/views.js';
import { renderEvidence, renderNear } from '../../../src/cli/views/near-view.js';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const near = (number: number): NearView => ({
  rule: `rule-${number}`,
  attack_type: 'credential_attack',
  points: 100,
  things: 9 - number,
  needed: 10,
  what: 'accounts',
});

it('shows six rules, the nearest first, and how many others count', () => {
  const text = renderNear({ near: [1, 2, 3, 4, 5, 6, 7, 8].map(near), blocks: [] }, NOW_MS);
  expect(text.split('\n')).toHaveLength(8);
  expect(text).toContain('and of 2 others less');
  expect(text).toMatch(/rule-1 +8 of 10 accounts/);
  expect(text).not.toContain('rule-7');
});

it('says when nothing is counted, and that no agent runs', () => {
  expect(renderNear({ near: [], blocks: [] }, NOW_MS)).toBe(
    'Near: no rule counts anything of it now.',
  );
  expect(renderNear({ near: null, blocks: [] }, NOW_MS)).toContain('no agent runs');
});

it.each([
  [{ distinct: 3, tries: 9, accounts: 0, equal_to_user: 0 }, ''],
  [
    { distinct: 40, tries: 40, accounts: 40, equal_to_user: 40 },
    '\nIt tried a password that is known for 40 accounts: for 40 the user name itself.',
  ],
  [
    { distinct: 3, tries: 9, accounts: 3, equal_to_user: 1 },
    '\nIt tried a password that is known for 3 accounts: for 1 the user name itself, for 2 a word of ' +
      'the list, or one made of the user name.',
  ],
])('%o are evidence', (passwords, text) => {
  expect(renderEvidence({ passwords })).toBe(text);
});
