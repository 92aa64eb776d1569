import { describe, expect, it } from 'vitest';
import { createBlockTable } from '../../../src/core/block/block-table.js';
import { blocksToLift } from '../../../src/core/block/lift.js';
import { createProtectTable } from '../../../src/core/block/protect.js';
import type { Block } from '../../../src/core/model/block.js';

const blockOf = (target: string, forced = false): Block => ({
  id: 1,
  target,
  scope: 'all',
  origin: 'manual',
  proof: 'none',
  rule: null,
  attackType: null,
  reason: '',
  createdAtUs: 0,
  expiresAtUs: null,
  simulated: false,
  forced,
});

const protect = (...targets: string[]) =>
  createProtectTable(targets.map((target) => ({ target, from: 'test' })));

describe('lifting blocks of a peer that is protected from now on', () => {
  const cases: [string, Block[], string[], string[], string[]][] = [
    ['the peer itself', [blockOf('10.0.0.1/32')], [], ['10.0.0.1/32'], ['10.0.0.1/32']],
    ['a network around it', [blockOf('10.0.0.0/24')], [], ['10.0.0.1/32'], ['10.0.0.0/24']],
    [
      'a host in a protected network',
      [blockOf('10.0.0.1/32')],
      [],
      ['10.0.0.0/8'],
      ['10.0.0.1/32'],
    ],
    ['IPv6', [blockOf('2001:db8::/64')], [], ['2001:db8::1/128'], ['2001:db8::/64']],
    ['not others', [blockOf('10.0.0.2/32')], [], ['10.0.0.1/32'], []],
    ['not what was forced', [blockOf('10.0.0.1/32', true)], [], ['10.0.0.1/32'], []],
    [
      'not again for a peer known before',
      [blockOf('10.0.0.1/32')],
      ['10.0.0.1/32'],
      ['10.0.0.1/32'],
      [],
    ],
  ];
  it.each(cases)('%s', (_what, blocks, before, after, expected) => {
    const table = createBlockTable(blocks);
    const lifted = blocksToLift(table, protect(...before), protect(...after), 1);
    expect(lifted.map(({ target }) => target)).toEqual(expected);
  });
});
