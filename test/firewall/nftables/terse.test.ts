import { describe, expect, it } from 'vitest';
import { ownerOf } from '../../../src/firewall/nftables/owner.js';
import { baseSetNames } from '../../../src/firewall/nftables/ruleset.js';
import {
  extractTable,
  readKnownSets,
  readTableHandle,
  readTableOwner,
} from '../../../src/firewall/nftables/terse.js';

const chain = (name: string, lines: readonly string[]): readonly string[] => [
  `\tchain ${name} {`,
  ...lines.map((line) => `\t\t${line}`),
  '\t}',
  '',
];

const dropsOf = (scope: string, names: readonly string[]): readonly string[] =>
  names
    .filter((name) => name.startsWith(scope))
    .map((name) => `ip saddr & 255.255.255.0 @${name} counter packets 3 bytes 90 drop`);

/** A table as nft 1.0.6 prints it with -t. */
function table(head = 'table inet t {', more: readonly string[] = [], comment = 'x'): string {
  const names = [...baseSetNames(), ...more];
  return [
    head,
    ...names.flatMap((name) => [
      `\tset ${name} {`,
      '\t\ttype ipv4_addr',
      ...(name.startsWith('protect') ? [] : ['\t\tsize 77', '\t\tflags timeout', '\t\tcounter']),
      '\t}',
      '',
    ]),
    ...chain('owner', [`return comment "${comment}"`]),
    ...chain('limit_sip', []),
    ...chain(
      'protect',
      names.filter((name) => name.startsWith('protect')).map((name) => `ip saddr @${name} accept`),
    ),
    ...['forced', 'all', 'sip', 'beside'].flatMap((scope) =>
      chain(`drop_${scope}`, dropsOf(scope, names)),
    ),
    ...chain('prerouting', [
      'type filter hook prerouting priority mangle; policy accept;',
      'jump drop_forced',
      'jump protect # before all blocks',
      'jump drop_all',
      'ct direction reply accept',
      'meta l4proto { tcp, udp } th dport @sip_ports jump limit_sip',
      'meta l4proto { tcp, udp } th dport @sip_ports jump drop_sip',
    ]),
    ...chain('beside', ['icmpv6 type nd-redirect accept', 'jump protect', 'jump drop_beside']),
    ...chain('input', [
      'type filter hook input priority mangle; policy accept;',
      'meta nfproto ipv4 udp dport { 5060 } accept',
      'jump beside # to the trap no more',
    ]),
    ...chain('forward', [
      'type filter hook forward priority mangle; policy accept;',
      'jump beside # of what is passed on',
    ]),
    '}',
  ].join('\n');
}

const without = (text: string, part: string): string => {
  const lines = text.split('\n');
  const rest = lines.filter((line) => !line.includes(part));
  expect(rest.length).toBe(lines.length - 1);
  return rest.join('\n');
};

describe('reading the rules without the elements', () => {
  it('gives the block sets and their size', () => {
    const known = readKnownSets(table(undefined, ['sip_ipv4_9', 'protect_ipv4_32']), 't');
    expect(known?.elementsMax).toBe(77);
    expect([...(known?.names ?? [])]).toEqual([...baseSetNames(), 'sip_ipv4_9']);
  });

  it.each([
    ['the base chain', 'type filter hook prerouting'],
    ['the hook for what is delivered here', 'type filter hook input'],
    ['the hook for what is passed on', 'type filter hook forward'],
    ['the jump to the full drops', 'jump drop_all'],
    ['the jump to the protected', 'jump protect # before all'],
    ['the jump to the drops but for the trap', 'jump drop_beside'],
    ['the drops of what is passed on', 'jump beside # of what'],
    ['a rule of a set', '@sip_ipv6_64 '],
    ['a set', 'set all_ipv4_24 {'],
  ])('takes a table without %s for one that is not whole', (_what, part) => {
    expect(readKnownSets(table(), 't')).not.toBeNull();
    expect(readKnownSets(without(table(), part), 't')).toBeNull();
  });

  it('tells whose table it is', () => {
    const owner = ownerOf('installed', '/var/lib/sentrypeer/sentrypeer.db');
    const comment = `${owner.kind} ${owner.id} ${owner.path}`;
    expect(readTableOwner(table(undefined, [], comment), 't')).toEqual(owner);
    expect(readTableOwner('', 't')).toBeNull();
  });

  it('takes a table with a rule twice for one that is not whole', () => {
    const twice = table().replace('\t\tjump drop_all', '\t\tjump drop_all\n\t\tjump drop_all');
    expect(readKnownSets(twice, 't')).toBeNull();
  });

  it.each([
    ['table inet t { # handle 7', 7],
    ['table inet o { # handle 6\ntable inet t { # progname nft handle 12\n}', 12],
    ['table inet t {\n}', null],
    ['table inet tt { # handle 7', null],
    ['', null],
  ])('reads the number of the table in %j', (listing, expected) => {
    expect(readTableHandle(listing, 't')).toBe(expected);
  });

  it('is not misled by what others write', () => {
    const comment = 'jump protect @all_ipv4_24 return comment';
    const text = without(table(undefined, [], comment), 'jump protect # before all');
    expect(readKnownSets(text, 't')).toBeNull();
    expect(readTableOwner(text, 't')).toBeNull();
    expect(readKnownSets(table('table inet other {'), 't')).toBeNull();
    expect(readKnownSets(table('table ip t {'), 't')).toBeNull();
  });

  it('takes the text of our table out of a listing of all', () => {
    const ruleset =
      'table inet a {\n\tchain t {\n\t}\n}\ntable inet t {\n\tx\n}\ntable inet tt {\n}';
    expect(extractTable(ruleset, 't')).toBe('table inet t {\n\tx\n}');
    expect(extractTable(ruleset, 'other')).toBe('');
    expect(extractTable('', 't')).toBe('');
  });
});
