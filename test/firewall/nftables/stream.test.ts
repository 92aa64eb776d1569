import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockScanner } from '../../../src/firewall/nftables/stream.js';
import type { ActualBlock } from '../../../src/firewall/port.js';

/** As nft 1.0.6 prints a table: a blank after each colon and comma. */
const LISTING =
  '{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "t"}}, ' +
  '{"set": {"family": "inet", "name": "protect_ipv4_32", "table": "t", "elem": ["192.0.2.1"]}}, ' +
  '{"set": {"family": "inet", "name": "all_ipv4_32", "table": "t", "size": 9, "elem": [' +
  '{"elem": {"val": "203.0.113.7", "timeout": 60, "expires": 50, "counter": {"packets": 3, "bytes": 9}}}, ' +
  '{"elem": {"val": "203.0.113.8", "counter": {"packets": 0, "bytes": 0}}}], "stmt": [{"counter": null}]}}, ' +
  '{"set": {"family": "inet", "name": "sip_ipv6_64", "table": "t", "elem": [' +
  '{"elem": {"val": "2001:db8::", "timeout": 7, "expires": 7, "counter": {"packets": 1, "bytes": 1}}}]}}, ' +
  '{"set": {"family": "inet", "name": "limit_ipv4", "table": "t", "elem": [' +
  '{"elem": {"val": "198.51.100.9", "timeout": 10, "expires": 7, "limit": {"rate": 5, "per": "second"}}}]}}]}';

const EXPECTED: ActualBlock[] = [
  { target: '203.0.113.7/32', scope: 'all', expiresS: 50, ageS: 10, packetsDropped: 3 },
  { target: '203.0.113.8/32', scope: 'all', expiresS: null, ageS: null, packetsDropped: 0 },
  { target: '2001:db8::/64', scope: 'sip', expiresS: 7, ageS: 0, packetsDropped: 1 },
];

describe('reading blocks as they come', () => {
  it('finds each once, wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(LISTING.length), { maxLength: 20 }), (cuts) => {
        const found: ActualBlock[] = [];
        const scan = createBlockScanner((block) => found.push(block));
        const places = [0, ...[...cuts].sort((a, b) => a - b), LISTING.length];
        for (let at = 1; at < places.length; at += 1) {
          scan(LISTING.slice(places[at - 1], places[at]));
        }
        expect(found).toEqual(EXPECTED);
      }),
    );
  });
});
