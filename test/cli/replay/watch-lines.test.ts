import { describe, expect, it } from 'vitest';
import { watchLine } from '../../../src/cli/replay/watch-lines.js';
import type { Effect } from '../../../src/core/flow.js';

const AT_US = 1_767_225_600_000_000;
const SIGHTING: Effect = {
  kind: 'sighting',
  sighting: {
    ...{ atUs: AT_US, source: '203.0.113.7', rule: 'a-rule', ruleVersion: 1 },
    ...{ attackType: 'sip_scan', points: 40.4, pointsProven: 0, eventIds: [1] },
    reason: 'seen \u001b[2J here',
  },
};
const BLOCK: Effect = {
  kind: 'block',
  block: {
    ...{ id: 1, target: '203.0.113.7/32', scope: 'sip', origin: 'detector', proof: 'none' },
    ...{ rule: 'a-rule', attackType: 'sip_scan', reason: 'seen', createdAtUs: AT_US },
    ...{ expiresAtUs: AT_US + 600_000_000, simulated: false, forced: false },
  },
};
const SPARED: Effect = {
  kind: 'spared',
  source: '203.0.113.7',
  peer: { target: '203.0.113.0/24', from: '--protect' },
};

describe('what watch tells', () => {
  it.each([
    [
      'a sighting, with nothing that a terminal would obey',
      SIGHTING,
      '2026-01-01 00:00:00.000  203.0.113.7  a-rule +40: seen \\x1b[2J here',
    ],
    [
      'a block as one that would be, although the run enforces in memory',
      BLOCK,
      '2026-01-01 00:00:00.000  would block 203.0.113.7/32 on the SIP ports for 10m: sip_scan: seen',
    ],
    [
      'who is spared',
      SPARED,
      '203.0.113.7 would be blocked, and is spared: 203.0.113.0/24 (--protect)',
    ],
    ['nothing of what else happens', { kind: 'breaker', tripped: true }, null],
  ] as const)('%s', (_, effect, text) => {
    expect(watchLine(effect, false)).toBe(text);
  });

  it('is one object a line in JSON, with its kind', () => {
    const read = (effect: Effect): unknown => {
      const line = watchLine(effect, true) ?? '';
      expect(line).not.toMatch(/[\n\u001b]/);
      return JSON.parse(line);
    };
    expect(read(SIGHTING)).toEqual({
      kind: 'sighting',
      at: '2026-01-01T00:00:00.000000Z',
      source: '203.0.113.7',
      rule: 'a-rule',
      attack_type: 'sip_scan',
      points: 40.4,
      points_proven: 0,
      reason: 'seen \u001b[2J here',
    });
    expect(read(BLOCK)).toMatchObject({
      kind: 'block',
      target: '203.0.113.7/32',
      expires_at: '2026-01-01T00:10:00.000000Z',
    });
    expect(read(SPARED)).toEqual({
      ...{ kind: 'spared', source: '203.0.113.7', peer: '203.0.113.0/24', from: '--protect' },
    });
  });
});
