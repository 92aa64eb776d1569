import { describe, expect, it } from 'vitest';
import { readFirewall } from '../../../src/firewall/nftables/read.js';
import { baseSetNames } from '../../../src/firewall/nftables/ruleset.js';

type Entry = Readonly<Record<string, unknown>>;

const ours = { family: 'inet', table: 't' };
const rule = (chain: string, expr: unknown): Entry => ({ rule: { ...ours, chain, expr } });
const lookUp = (chain: string, set: string): Entry =>
  rule(chain, [{ match: { op: '==', left: {}, right: `@${set}` } }, { drop: null }]);
const jump = (target: string, chain = 'prerouting'): Entry => rule(chain, [{ jump: { target } }]);

/** A table as nft 1.0.6 prints it, cut to what matters; `elements` by set name. */
function listing(elements: Readonly<Record<string, unknown[]>> = {}): Entry[] {
  const names = [...new Set([...baseSetNames(), ...Object.keys(elements)])];
  const chainOf = (name: string): string =>
    name.startsWith('protect') ? 'protect' : `drop_${name.slice(0, name.indexOf('_'))}`;
  return [
    { metainfo: { version: '1.0.6' } },
    { table: { family: 'inet', name: 't' } },
    ...names.map((name) => ({ set: { ...ours, name, size: 77, elem: elements[name] } })),
    ...['prerouting', 'input', 'forward'].map((name) => ({
      chain: { ...ours, name, hook: name, prio: -150 },
    })),
    ...names.map((name) => lookUp(chainOf(name), name)),
    jump('drop_forced'),
    jump('protect'),
    jump('limit_sip'),
    jump('drop_all'),
    jump('drop_sip'),
    jump('beside', 'input'),
    jump('beside', 'forward'),
    jump('protect', 'beside'),
    jump('drop_beside', 'beside'),
  ];
}

const text = (entries: readonly Entry[]): string => JSON.stringify({ nftables: entries });

describe('reading the firewall', () => {
  it('gives each block with scope, remaining time and packets dropped', () => {
    const json = text(
      listing({
        all_ipv4_32: [
          {
            elem: {
              val: '203.0.113.7',
              timeout: 600,
              expires: 599,
              counter: { packets: 3, bytes: 99 },
            },
          },
          { elem: { val: '203.0.113.8', counter: { packets: 0, bytes: 0 } } },
        ],
        sip_ipv6_64: ['2001:db8::'],
        all_ipv6_128: ['::1.2.3.4'],
        protect_ipv4_24: ['192.0.2.0'],
        notes: ['nothing of ours'],
      }).filter((entry) => !JSON.stringify(entry).includes('@notes')),
    );
    expect(readFirewall(json, 't')).toEqual({
      present: true,
      protect: ['192.0.2.0/24'],
      blocks: [
        { target: '203.0.113.7/32', scope: 'all', expiresS: 599, ageS: 1, packetsDropped: 3 },
        { target: '203.0.113.8/32', scope: 'all', expiresS: null, ageS: null, packetsDropped: 0 },
        { target: '::102:304/128', scope: 'all', expiresS: null, ageS: null, packetsDropped: 0 },
        { target: '2001:db8::/64', scope: 'sip', expiresS: null, ageS: null, packetsDropped: 0 },
      ],
    });
  });

  it.each([
    ['the base chain', '"hook":"prerouting"'],
    ['the hook for what is delivered here', '"hook":"input"'],
    ['the hook for what is passed on', '"hook":"forward"'],
    ['the jump to the full drops', '{"target":"drop_all"}'],
    ['the jump to the protected', '"chain":"prerouting","expr":[{"jump":{"target":"protect"}}]'],
    ['the same for scope beside', '"chain":"beside","expr":[{"jump":{"target":"protect"}}]'],
    ['the drops of what is passed on', '"chain":"forward","expr"'],
    ['a rule of a set', '"@sip_ipv6_64"'],
    ['a set', '"name":"all_ipv4_24"'],
  ])('takes a table without %s for one that is not in force', (_what, part) => {
    const whole = listing({ all_ipv4_32: ['203.0.113.7'] });
    const rest = whole.filter((entry) => !JSON.stringify(entry).includes(part));
    expect(rest.length).toBe(whole.length - 1);
    expect(readFirewall(text(rest), 't')).toEqual({ present: false, protect: [], blocks: [] });
  });

  it('sees nothing of ours in the table of another', () => {
    const json = text(listing({ all_ipv4_32: ['203.0.113.7'] }));
    expect(readFirewall(json, 'other').present).toBe(false);
  });
});
