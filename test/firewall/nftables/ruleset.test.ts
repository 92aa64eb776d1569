import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FirewallChange } from '../../../src/core/model/block.js';
import { AgentError } from '../../../src/core/common/errors.js';
import { readSetName, setName } from '../../../src/firewall/nftables/element.js';
import { buildApplyScript, buildCreateScript } from '../../../src/firewall/nftables/changes.js';
import { baseSetNames, buildSyncScript } from '../../../src/firewall/nftables/ruleset.js';
import { NO_STORM, USUAL_TRAP, type DesiredFirewall } from '../../../src/firewall/port.js';

const EMPTY: DesiredFirewall = {
  protect: [],
  sipPorts: [5060],
  trap: USUAL_TRAP,
  blocksMax: 1000,
  blocks: [],
  limiting: false,
  storm: { ...NO_STORM, rate: 100 },
};
const KNOWN = { names: new Set(baseSetNames()), elementsMax: 1000 };

const add = (target: string, timeoutS: number | null = 60): FirewallChange => ({
  kind: 'add',
  target,
  scope: 'all',
  timeoutS,
});

const remove = (target: string): FirewallChange => ({ kind: 'remove', target, scope: 'all' });

const apply = (...changes: FirewallChange[]): string[] =>
  buildApplyScript('t', changes, KNOWN)
    .text.split('\n')
    .filter((line) => line !== '');

describe('a transaction of changes', () => {
  const cases: [string, FirewallChange[], string[]][] = [
    [
      'sets the timeout anew whether the element is there or not',
      [add('203.0.113.7/32', 600)],
      [
        'add element inet t all_ipv4_32 { 203.0.113.7 }',
        'delete element inet t all_ipv4_32 { 203.0.113.7 }',
        'add element inet t all_ipv4_32 { 203.0.113.7 timeout 600s }',
      ],
    ],
    [
      'removes what may be absent by adding it first',
      [remove('2001:db8::/64')],
      [
        'add element inet t all_ipv6_64 { 2001:db8:: }',
        'delete element inet t all_ipv6_64 { 2001:db8:: }',
      ],
    ],
    [
      'lets the last change of a target count',
      [add('203.0.113.7/32'), remove('203.0.113.7/32'), add('203.0.113.7/32', null)],
      [
        'add element inet t all_ipv4_32 { 203.0.113.7 }',
        'delete element inet t all_ipv4_32 { 203.0.113.7 }',
        'add element inet t all_ipv4_32 { 203.0.113.7 timeout 30d0s }',
      ],
    ],
    [
      'puts all elements of a set into one command',
      [add('203.0.113.7/32', 1), add('203.0.113.8/32', 2)],
      [
        'add element inet t all_ipv4_32 { 203.0.113.7, 203.0.113.8 }',
        'delete element inet t all_ipv4_32 { 203.0.113.7, 203.0.113.8 }',
        'add element inet t all_ipv4_32 { 203.0.113.7 timeout 1s, 203.0.113.8 timeout 2s }',
      ],
    ],
    [
      'makes set and rule for a prefix length that is new',
      [add('198.51.100.0/22', null)],
      [
        'add set inet t all_ipv4_22 { type ipv4_addr; size 1000; flags timeout; counter; }',
        'add rule inet t drop_all ip saddr & 255.255.252.0 @all_ipv4_22 counter drop',
        'add element inet t all_ipv4_22 { 198.51.100.0 }',
        'delete element inet t all_ipv4_22 { 198.51.100.0 }',
        'add element inet t all_ipv4_22 { 198.51.100.0 timeout 30d0s }',
      ],
    ],
    [
      'gives what lasts long the longest time of an element, in days, for the agent renews it',
      [add('203.0.113.7/32', 3650 * 86_400), add('203.0.113.8/32', 90_061)],
      [
        'add element inet t all_ipv4_32 { 203.0.113.7, 203.0.113.8 }',
        'delete element inet t all_ipv4_32 { 203.0.113.7, 203.0.113.8 }',
        'add element inet t all_ipv4_32 { 203.0.113.7 timeout 30d0s, 203.0.113.8 timeout 1d3661s }',
      ],
    ],
    ['has nothing to do for a removal from a set that does not exist', [remove('10.0.0.0/9')], []],
    [
      'never turns a timeout that has run out into an endless one',
      [add('203.0.113.7/32', 0)],
      [
        'add element inet t all_ipv4_32 { 203.0.113.7 }',
        'delete element inet t all_ipv4_32 { 203.0.113.7 }',
        'add element inet t all_ipv4_32 { 203.0.113.7 timeout 1s }',
      ],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(apply(...changes)).toEqual(expected);
  });

  it('tells the sets that exist afterwards', () => {
    const script = buildApplyScript('t', [add('2001:db8::/56')], KNOWN);
    expect([...script.blockSets]).toEqual([...baseSetNames(), 'all_ipv6_56']);
    expect(script.text).toContain('ip6 saddr & ffff:ffff:ffff:ff00:: @all_ipv6_56 counter drop');
  });
});

describe('a transaction of new elements', () => {
  it('says each once, in its set', () => {
    const changes = [add('203.0.113.7/32'), add('2001:db8::/64', null), add('203.0.113.8/32', 0.5)];
    expect(buildCreateScript('t', changes, KNOWN)).toBe(
      'create element inet t all_ipv4_32 { 203.0.113.7 timeout 60s, 203.0.113.8 timeout 1s }\n' +
        'create element inet t all_ipv6_64 { 2001:db8:: timeout 30d0s }\n',
    );
  });

  it.each([
    ['something is taken away', [add('203.0.113.7/32'), remove('203.0.113.8/32')]],
    ['a set is not there', [add('203.0.113.7/32'), add('2001:db8::/56')]],
  ])('is none where %s', (_, changes) => {
    expect(buildCreateScript('t', changes, KNOWN)).toBeNull();
  });
});

describe('a target', () => {
  const refused = [
    '0.0.0.0/0',
    '::/0',
    '203.0.113.7',
    '203.0.113.7/24',
    '203.0.113.7/33',
    '2001:DB8::/64',
    '203.0.113.7/32 }; flush ruleset; #',
    '203.0.113.7/32\nflush ruleset',
    'fe80::1%eth0/128',
    '',
  ];
  it.each(refused)('is refused when it is not a canonical network to drop: %j', (target) => {
    expect(() => buildApplyScript('t', [add(target)], KNOWN)).toThrow(AgentError);
    expect(() => buildCreateScript('t', [add(target)], KNOWN)).toThrow(AgentError);
    const blocks = [{ target, scope: 'all', timeoutS: null }] as const;
    expect(() => buildSyncScript('t', { ...EMPTY, blocks })).toThrow(AgentError);
  });

  it('never brings text of its own into the script', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), fc.nat(140), (text, length) => {
        let script = '';
        try {
          script = buildApplyScript('t', [add(`${text}/${length}`)], KNOWN).text;
        } catch (error) {
          expect(error).toBeInstanceOf(AgentError);
        }
        expect(script).toMatch(/^[a-z0-9_ .:&@{},;\n]*$/);
      }),
    );
  });

  it('may be of any length when it is protected', () => {
    const script = buildSyncScript('t', { ...EMPTY, protect: ['0.0.0.0/0', '::1/128'] });
    expect(script.text).toContain('ip saddr & 0.0.0.0 @protect_ipv4_0 accept');
    expect(script.text).toContain('ip6 saddr @protect_ipv6_128 accept');
  });
});

describe('the whole table', () => {
  it('replaces the old one in one transaction', () => {
    const lines = buildSyncScript('t', EMPTY).text.split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'add table inet t',
      'delete table inet t',
      'table inet t {',
    ]);
  });

  it('checks in this order: neighbours, protected, full drops, answers, SIP drops', () => {
    const { text } = buildSyncScript('t', EMPTY);
    const base = text.slice(text.indexOf('chain prerouting'));
    const parts = [
      'hook prerouting priority mangle',
      'nd-neighbor-solicit',
      'jump drop_forced',
      'jump protect',
      'jump drop_all',
      'ct direction reply accept',
      'dport @sip_ports jump limit_sip',
      'dport @sip_ports jump drop_sip',
    ];
    const places = parts.map((part) => base.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('holds every element with its remaining time', () => {
    const { text } = buildSyncScript('t', {
      ...EMPTY,
      protect: ['192.0.2.1/32'],
      sipPorts: [5060, 5061, 5060],
      blocksMax: 5,
      blocks: [
        { target: '203.0.113.7/32', scope: 'all', timeoutS: 20.2 },
        { target: '203.0.113.7/32', scope: 'sip', timeoutS: null },
        { target: '10.32.0.0/11', scope: 'sip', timeoutS: 5 },
      ],
    });
    const lines = text.split('\n').map((line) => line.trim());
    const body = 'type ipv4_addr; size 5; flags timeout; counter;';
    expect(lines).toEqual(
      expect.arrayContaining([
        'set sip_ports { type inet_service; elements = { 5060, 5061 } }',
        'set protect_ipv4_32 { type ipv4_addr; elements = { 192.0.2.1 } }',
        `set all_ipv4_32 { ${body} elements = { 203.0.113.7 timeout 21s } }`,
        `set sip_ipv4_32 { ${body} elements = { 203.0.113.7 timeout 30d0s } }`,
        `set sip_ipv4_11 { ${body} elements = { 10.32.0.0 timeout 5s } }`,
        'ip saddr & 255.224.0.0 @sip_ipv4_11 counter drop',
      ]),
    );
  });

  it.each([-1, 65_536, 1.5, NaN])('takes no port %d', (port) => {
    expect(() => buildSyncScript('t', { ...EMPTY, sipPorts: [port] })).toThrow(RangeError);
    const trap = { ...EMPTY.trap, tcpPorts: [port] };
    expect(() => buildSyncScript('t', { ...EMPTY, trap })).toThrow(RangeError);
  });

  const inputChain = (trap: DesiredFirewall['trap']): string[] => {
    const { text } = buildSyncScript('t', { ...EMPTY, trap });
    const from = text.indexOf('chain input {');
    return text
      .slice(from, text.indexOf('}\n chain', from))
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .filter((line) => line !== '');
  };
  const HOOK = 'type filter hook input priority mangle; policy accept';

  it('lets the sockets of the trap through before the drops of scope beside', () => {
    const trap = { udpPorts: [5080], tcpPorts: [5080, 5061], addresses: ['0.0.0.0'] };
    expect(inputChain(trap)).toEqual([
      HOOK,
      'meta nfproto ipv4 udp dport { 5080 } accept',
      'meta nfproto ipv4 tcp dport { 5080, 5061 } accept',
      'jump beside',
    ]);
  });

  it('knows the addresses that the trap is bound to, and transports that it does not speak', () => {
    const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1'];
    expect(inputChain({ udpPorts: [5060], tcpPorts: [], addresses })).toEqual([
      HOOK,
      'ip daddr { 192.0.2.1, 192.0.2.2 } udp dport { 5060 } accept',
      'ip6 daddr { 2001:db8::1 } udp dport { 5060 } accept',
      'jump beside',
    ]);
  });

  it('lets nothing through on the way to another machine', () => {
    const { text } = buildSyncScript('t', EMPTY);
    const forward = text.slice(text.indexOf('chain forward {'));
    expect(forward).toMatch(/hook forward priority mangle; policy accept\n {2}jump beside\n }/);
  });
});

describe('a set name', () => {
  it('says purpose, family and length, and is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(['all', 'sip', 'beside', 'forced', 'protect'] as const)),
        fc.constantFrom(4 as const, 6 as const),
        fc.nat(32),
        (purpose, family, prefix) => {
          const key = { purpose, family, prefix };
          expect(readSetName(setName(key))).toEqual(key);
        },
      ),
    );
  });

  it.each(['sip_ports', 'all_ipv4_33', 'all_ipv4_032', 'all_ipv5_1', 'x_all_ipv4_32'])(
    'is not seen in %s',
    (name) => {
      expect(readSetName(name)).toBeNull();
    },
  );
});
