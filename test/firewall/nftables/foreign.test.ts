import { describe, expect, it } from 'vitest';
import {
  differences,
  readElements,
  readShape,
  withLimitOf,
} from '../../../src/firewall/nftables/foreign.js';

/** As nft 1.0.6 prints it with -a and -t. */
const LISTING = `table inet t { # handle 1
	set all_ipv4_24 { # handle 4
		type ipv4_addr
		size 100
		flags timeout
		counter
	}

	set sip_ports { # handle 5
		type inet_service
	}

	chain drop_all { # handle 2
		ip saddr & 255.255.255.0 @all_ipv4_24 counter packets 7 bytes 90 drop # handle 9
	}

	chain protect { # handle 6
		ip6 saddr @protect_ipv6_128 accept # handle 8
	}

	chain limit_sip { # handle 7
	}

	chain prerouting { # handle 3
		type filter hook prerouting priority mangle; policy accept;
		jump drop_all # handle 10
	}
}`;
const SHAPE = readShape(LISTING, 't');

const changed = (from: string, to: string): readonly string[] =>
  differences(SHAPE, readShape(LISTING.replace(from, to), 't'));

describe('what others did to our table', () => {
  it('is nothing where addresses alone came, or counters went on', () => {
    expect(SHAPE).toEqual([
      'set sip_ports',
      'set sip_ports: type inet_service',
      'chain drop_all',
      'chain protect',
      'chain limit_sip',
      'chain prerouting',
      'chain prerouting: type filter hook prerouting priority mangle; policy accept;',
      'chain prerouting: jump drop_all',
    ]);
    expect(changed('packets 7 bytes 90', 'packets 8 bytes 99')).toEqual([]);
    expect(changed('handle 10', 'handle 11')).toEqual([]);
    const set = '\tset sip_ipv4_9 {\n\t\ttype ipv4_addr\n\t}\n\n\tset sip_ports {';
    expect(changed('\tset sip_ports {', set)).toEqual([]);
  });

  it.each([
    [
      'a rule that lets through',
      '\t\tjump drop_all',
      '\t\taccept\n\t\tjump drop_all',
      ['chain prerouting: accept'],
    ],
    [
      'a rule that was replaced',
      'jump drop_all',
      'accept',
      ['chain prerouting: accept', 'no chain prerouting: jump drop_all'],
    ],
    [
      'one of ours with another verdict',
      '90 drop',
      '90 accept',
      ['chain drop_all: ip saddr & 255.255.255.0 @all_ipv4_24 counter accept'],
    ],
    [
      'one of ours in another chain',
      '\tchain limit_sip { # handle 7\n',
      '\tchain limit_sip { # handle 7\n\t\tip6 saddr @protect_ipv6_128 accept\n',
      ['chain limit_sip: ip6 saddr @protect_ipv6_128 accept'],
    ],
    ['a chain', '\tchain prerouting', '\tchain mine {\n\t}\n\n\tchain prerouting', ['chain mine']],
    [
      'a counter',
      '\tchain prerouting',
      '\tcounter c {\n\t\tpackets 0 bytes 0\n\t}\n\n\tchain prerouting',
      ['counter c', 'counter c: packets 0 bytes 0'],
    ],
    [
      'another policy',
      'policy accept',
      'policy drop',
      [
        'chain prerouting: type filter hook prerouting priority mangle; policy drop;',
        'no chain prerouting: type filter hook prerouting priority mangle; policy accept;',
      ],
    ],
  ])('is %s', (_what, from, to, expected) => {
    expect(changed(from, to)).toEqual(expected);
  });

  it('is not the limit of a storm that we switched on', () => {
    const on = readShape(
      LISTING.replace('limit_sip { # handle 7\n', 'limit_sip {\n\t\tudp dport 5060 drop\n').replace(
        '\t\tjump drop_all',
        '\t\taccept\n\t\tjump drop_all',
      ),
      't',
    );
    expect(differences(withLimitOf(SHAPE, on), on)).toEqual(['chain prerouting: accept']);
  });

  it('is an element more or less in a set that lets through', () => {
    const listing =
      'table inet t {\n\tset protect_ipv6_64 {\n\t\ttype ipv6_addr\n' +
      '\t\telements = { 2001:db8::,\n\t\t\t     2001:db8:1:: timeout 1h expires 59m }\n\t}\n}';
    const elements = readElements(listing, 'protect_ipv6_64');
    expect(elements).toEqual(['2001:db8::/64', '2001:db8:1::/64']);
    expect(differences(['2001:db8::/64', '2001:db8:2::/64'], elements)).toEqual([
      '2001:db8:1::/64',
      'no 2001:db8:2::/64',
    ]);
    expect(readElements('\t\telements = { 5060, 22 }', 'sip_ports')).toEqual(['5060', '22']);
    expect(readElements('\t\ttype inet_service', 'sip_ports')).toEqual([]);
  });
});
