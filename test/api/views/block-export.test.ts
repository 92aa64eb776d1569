import { describe, expect, it } from 'vitest';
import type { BlockView } from '../../../src/api/views.js';
import { exportFormat, type ExportName } from '../../../src/api/views/block-export.js';
import { describeAdded } from '../../../src/cli/add-many.js';
import { csvField } from '../../../src/api/views/csv.js';
import { readBlocks } from '../../../src/cli/block-import.js';

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

/** As fail2ban writes it: in the zone of this machine. */
const localTime = (ms: number): string => {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
};

const BLOCKS = [
  viewOf('203.0.113.7/32'),
  viewOf('2001:db8::/64', { expires_at: null, scope: 'beside' }),
];

const write = (name: ExportName, blocks: readonly BlockView[]): string => {
  const { head, line, end } = exportFormat(name, NOW_MS);
  return [...head, ...blocks.map((block, at) => line(block, at === 0)), ...end()].join('\n');
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
      [
        'add sentrypeer4_next 203.0.113.7/32 timeout 3600',
        'add sentrypeer6_next 2001:db8::/64 timeout 0',
        'swap sentrypeer4_next sentrypeer4',
      ],
    ],
    ['alias', ['203.0.113.7 sipvicious', '2001:db8::/64 sipvicious']],
    ['mikrotik', ['/ip firewall address-list add', 'timeout=3600s comment="sipvicious"', '/ipv6 ']],
  ] as const)('as %s holds targets and remaining times', (name, parts) => {
    const text = write(name, BLOCKS);
    for (const part of parts) expect(text).toContain(part);
  });

  it('writes long times for nft in days, for it refuses nine digits', () => {
    const long = viewOf('203.0.113.7/32', { expires_at: '2036-01-01T00:00:01Z' });
    const text = write('nft', [long]);
    expect(text).toContain('timeout 3652d1s');
    expect(readBlocks(text, DEFAULTS, NOW_MS).blocks[0]?.duration_s).toBe(3652 * 86_400 + 1);
  });

  it('holds nothing of a packet where another program would run it', () => {
    const evil = viewOf('203.0.113.7/32', { reason: '"; /system reset', rule: '$(x)" ]' });
    for (const name of ['plain', 'nft', 'ipset', 'mikrotik', 'alias'] as const) {
      expect(exportFormat(name, NOW_MS).line(evil, true)).not.toMatch(/reset|\$|\]/);
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
        expect(blocks[1]).toMatchObject({ scope: 'beside' });
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
    expect(odd).toEqual([
      { line: 4, text: 'x' },
      { line: 5, text: 'example.org' },
    ]);
  });

  it('leaves out what is over by now', () => {
    const text = write('json', [viewOf('10.0.0.1/32')]);
    expect(readBlocks(text, DEFAULTS, NOW_MS + 3_700_000)).toMatchObject({
      blocks: [],
      oddTotal: 1,
    });
  });

  const T = 'timeout 1h expires 59m59s952ms';
  it.each<[string, string, readonly (readonly [string, number | null])[], readonly string[]]>([
    [
      'fail2ban, all in one line',
      '203.0.113.7 203.0.113.8 203.0.113.9\n',
      [
        ['203.0.113.7', 60],
        ['203.0.113.8', 60],
        ['203.0.113.9', 60],
      ],
      [],
    ],
    [
      'commas and a comment',
      '203.0.113.7, 203.0.113.8,2001:db8::/32 # three\n',
      [
        ['203.0.113.7', 60],
        ['203.0.113.8', 60],
        ['2001:db8::/32', 60],
      ],
      [],
    ],
    [
      'a Python list',
      "['203.0.113.7', '2001:db8::1']",
      [
        ['203.0.113.7', 60],
        ['2001:db8::1', 60],
      ],
      [],
    ],
    [
      'words of others',
      '203.0.113.7 dead 5060 300.1.1.1\n10.0.0.1-10.0.0.9',
      [['203.0.113.7', 60]],
      ['1 dead', '1 5060', '1 300.1.1.1', '2 10.0.0.1-10.0.0.9'],
    ],
    [
      'fail2ban with times',
      `203.0.113.7 \t${localTime(NOW_MS - 60_000)} + 600 = 2026-01-01 00:09:00\n203.0.113.8 \t${localTime(NOW_MS - 60_000)} + -1 = 9999-12-31 23:59:59\n203.0.113.9 \t${localTime(NOW_MS - 60_000)} + 30 = 2026-01-01 00:00:00`,
      [
        ['203.0.113.7', 540],
        ['203.0.113.8', null],
      ],
      [expect.stringMatching(/^3 203.0.113.9/) as string],
    ],
    [
      'ipset save',
      'create bad hash:net family inet timeout 0\nadd bad 203.0.113.0/24 timeout 50 packets 3 bytes 9 comment "timeout 7"\nadd bad 203.0.113.7 nomatch\nadd bad 10.0.0.1,tcp:80',
      [['203.0.113.0/24', 50]],
      ['3 add bad 203.0.113.7 nomatch', '4 add bad 10.0.0.1,tcp:80'],
    ],
    [
      'nft list set',
      `table inet x {\n\tset s {\n\t\ttype ipv4_addr\n\t\tflags interval,timeout\n\t\telements = { 203.0.113.7 counter packets 0 bytes 0 ${T},\n\t\t\t     10.0.0.0/8 comment "a, b", 10.0.0.1-10.0.0.9 }\n\t}\n}`,
      [
        ['203.0.113.7', 3600],
        ['10.0.0.0/8', 60],
      ],
      ['6 10.0.0.1-10.0.0.9'],
    ],
    [
      'nft list set of ours',
      `table inet sentrypeer {\n\tset all_ipv4_24 {\n\t\ttype ipv4_addr\n\t\telements = { 203.0.113.0 timeout 2d expires 1d1s }\n\t}\n}`,
      [['203.0.113.0/24', 86_401]],
      [],
    ],
    [
      'hosts.deny',
      'ALL: 203.0.113.7, 203.0.113.8\nsshd : [2001:db8::1] : deny\nsshd: 10.0.0.1 : allow\nALL: ALL EXCEPT 10.0.0.2\nALL: 10.1.',
      [
        ['203.0.113.7', 60],
        ['203.0.113.8', 60],
        ['2001:db8::1', 60],
      ],
      ['3 sshd: 10.0.0.1 : allow', '4 ALL: ALL EXCEPT 10.0.0.2', '5 10.1.'],
    ],
  ])('reads %s', (_what, text, targets, odd) => {
    const read = readBlocks(text, DEFAULTS, NOW_MS);
    expect(read.blocks.map((block) => [block.target, block.duration_s])).toEqual(targets);
    expect(read.odd.map((part) => `${part.line} ${part.text}`)).toEqual(odd);
    expect(read.oddTotal).toBe(odd.length);
  });

  it('counts all that it does not understand, and names the first of it', () => {
    const { odd, oddTotal } = readBlocks('x\x1b[31m '.repeat(1000), DEFAULTS, NOW_MS);
    expect(oddTotal).toBe(1000);
    expect(odd).toHaveLength(20);
    expect(describeAdded({ added: 1, refused: [] }, { odd, oddTotal })).not.toContain('\x1b');
    expect(describeAdded({ added: 1, refused: [] }, { odd, oddTotal })).toContain(
      '1000 not understood',
    );
  });

  it.each(['{', '{}', '{"blocks": 3}', '[{"ip": "10.0.0.1"}]'])(
    'refuses JSON that is no listing: %s',
    (text) => {
      expect(() => readBlocks(text, DEFAULTS, NOW_MS)).toThrow(/no listing of blocks/);
    },
  );
});
