import { describe, expect, it } from 'vitest';
import type { BlockView } from '../../src/api/views.js';
import { exportFormat, type ExportName } from '../../src/cli/block-export.js';
import { csvField } from '../../src/cli/csv.js';
import { readBlocks } from '../../src/cli/block-import.js';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const DEFAULTS = { scope: 'all', durationS: 60, reason: 'imported', force: false } as const;

const viewOf = (target: string, change: Partial<BlockView> = {}): BlockView => ({
  id: 1,
  target,
  scope: 'sip',
  origin: 'detector',
  proof: 'none',
  rule: 'sipvicious',
  attack_type: 'sip_scan',
  reason: 'User-Agent "friendly-scanner", twice',
  created_at: '2026-01-01T00:00:00.000000Z',
  expires_at: '2026-01-01T01:00:00.000000Z',
  simulated: false,
  forced: false,
  packets_dropped: 0,
  ...change,
});

const BLOCKS = [viewOf('203.0.113.7/32'), viewOf('2001:db8::/64', { expires_at: null })];

const write = (name: ExportName, blocks: readonly BlockView[]): string => {
  const { head, line, end } = exportFormat(name, NOW_MS);
  return [...head, ...blocks.map((block, at) => line(block, at === 0)), ...end].join('\n');
};

describe('a CSV field', () => {
  it.each([
    ['=1+1', `"'=1+1"`],
    ['+49', `"'+49"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\tx', `"'\tx"`],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['plain', 'plain'],
    [null, ''],
    [-5, '-5'],
  ])('%j is written %j, which no spreadsheet computes', (value, expected) => {
    expect(csvField(value)).toBe(expected);
  });
});

describe('an export', () => {
  it.each([
    ['plain', ['203.0.113.7/32', '2001:db8::/64']],
    ['nft', ['blocked_ipv4_32 { 203.0.113.7 timeout 3600s }', 'blocked_ipv6_64 { 2001:db8:: }']],
    [
      'ipset',
      ['add sentrypeer4 203.0.113.7/32 timeout 3600', 'add sentrypeer6 2001:db8::/64 timeout 0'],
    ],
    ['mikrotik', ['/ip firewall address-list add', 'timeout=3600s comment="sipvicious"', '/ipv6 ']],
  ] as const)('as %s holds targets and remaining times', (name, parts) => {
    const text = write(name, BLOCKS);
    for (const part of parts) expect(text).toContain(part);
  });

  it('holds nothing of a packet where another program would run it', () => {
    const evil = viewOf('203.0.113.7/32', { reason: '"; /system reset', rule: '$(x)" ]' });
    for (const name of ['plain', 'nft', 'ipset', 'mikrotik'] as const) {
      expect(write(name, [evil])).not.toMatch(/reset|\$|\]/);
    }
  });

  it.each(['plain', 'nft', 'ipset', 'mikrotik', 'csv', 'json'] as const)(
    'as %s is read back',
    (name) => {
      const { blocks, odd } = readBlocks(write(name, BLOCKS), DEFAULTS, NOW_MS);
      expect(odd).toEqual([]);
      expect(blocks.map(({ target }) => target)).toEqual(['203.0.113.7/32', '2001:db8::/64']);
      const times = blocks.map((block) => block.duration_s);
      const unsaid = name === 'plain' || name === 'nft' || name === 'mikrotik';
      expect(times).toEqual([name === 'plain' ? 60 : 3600, unsaid ? 60 : null]);
      if (name === 'csv' || name === 'json') {
        expect(blocks[0]).toMatchObject({ scope: 'sip', reason: BLOCKS[0]?.reason });
      }
    },
  );
});

describe('an import', () => {
  it('takes lists of others, and names the lines without a target', () => {
    const text = '# list\n203.0.113.7 ; spam\n\n10.0.0.0/8,x\nexample.org\n; end\n2001:db8::1\n';
    const { blocks, odd } = readBlocks(text, DEFAULTS, NOW_MS);
    expect(blocks.map(({ target }) => target)).toEqual([
      '203.0.113.7',
      '10.0.0.0/8',
      '2001:db8::1',
    ]);
    expect(odd).toEqual([5]);
  });

  it('leaves out what is over by now', () => {
    const text = write('json', [viewOf('10.0.0.1/32')]);
    expect(readBlocks(text, DEFAULTS, NOW_MS + 3_700_000)).toEqual({ blocks: [], odd: [1] });
  });

  it.each(['{', '{}', '{"blocks": 3}'])('refuses JSON that is no listing: %s', (text) => {
    expect(() => readBlocks(text, DEFAULTS, NOW_MS)).toThrow(/no listing of blocks/);
  });
});
