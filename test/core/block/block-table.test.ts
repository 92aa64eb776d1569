import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blocksCovering,
  createBlockTable,
  putBlock,
  takeBlock,
  takeEnded,
} from '../../../src/core/block/block-table.js';
import { cidrOf, covers, parseCidr } from '../../../src/core/common/address.js';
import type { Block } from '../../../src/core/model/block.js';

const blockOf = (target: string, expiresAtUs: number | null = null): Block => ({
  id: 1,
  target,
  scope: 'all',
  origin: 'manual',
  proof: 'none',
  rule: null,
  attackType: null,
  reason: '',
  createdAtUs: 0,
  expiresAtUs,
  simulated: false,
  forced: false,
});

const addresses = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '2001:db8:0:1::1'));
const prefixes = fc.integer({ min: 8, max: 32 });

describe('block table', () => {
  it('finds exactly the blocks that cover an address, the narrowest first', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(addresses, prefixes)), addresses, (pairs, address) => {
        const table = createBlockTable();
        for (const [base, prefix] of pairs) {
          const cidr = cidrOf(base, prefix);
          if (cidr !== null) putBlock(table, blockOf(cidr.text));
        }
        const inner = cidrOf(address, null);
        const expected = [...table.byTarget.keys()]
          .map((text) => parseCidr(text))
          .filter((cidr) => cidr !== null && inner !== null && covers(cidr, inner))
          .sort((a, b) => (b?.prefix ?? 0) - (a?.prefix ?? 0))
          .map((cidr) => cidr?.text);
        expect(blocksCovering(table, address, 0).map(({ target }) => target)).toEqual(expected);
      }),
    );
  });

  it('takes out what has ended and keeps the rest, whatever the order of putting in', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 1_000_000_000 })), {
          selector: ([address]) => address,
        }),
        fc.integer({ min: 0, max: 1_000_000_000 }),
        (pairs, nowUs) => {
          const table = createBlockTable(pairs.map(([base, end]) => blockOf(`${base}/32`, end)));
          const ended = takeEnded(table, nowUs).map(({ target }) => target);
          const expected = pairs.filter(([, end]) => end <= nowUs).map(([base]) => `${base}/32`);
          expect([...ended].sort()).toEqual([...expected].sort());
          expect(table.byTarget.size).toBe(pairs.length - expected.length);
        },
      ),
    );
  });

  it('forgets the prefix lengths that are no longer used', () => {
    const table = createBlockTable([blockOf('10.0.0.0/8'), blockOf('192.0.2.0/24')]);
    takeBlock(table, '10.0.0.0/8');
    expect(table.prefixes).toEqual({ 4: [24], 6: [] });
    expect(takeBlock(table, '10.0.0.0/8')).toBeNull();
  });

  it('returns the block whose target a new one takes', () => {
    const table = createBlockTable([blockOf('192.0.2.1/32', 5)]);
    expect(putBlock(table, blockOf('192.0.2.1/32', 9))?.expiresAtUs).toBe(5);
    expect(takeEnded(table, 5)).toEqual([]);
    expect(takeEnded(table, 9)).toHaveLength(1);
  });
});
