import { describe, expect, it } from 'vitest';
import type { SipMessage } from '../../src/core/model/sip-message.js';
import { parseMessage } from '../../src/core/sip/parse.js';
import { load } from '../scripts/load-script.js';

interface Lines {
  readonly chanSip: number;
  readonly pjsip: number;
  readonly account: string | null;
}
const { linesOf, createFail2ban, createCrowdsec } = await load<{
  linesOf: (message: SipMessage, transport: string) => Lines;
  createFail2ban: () => (address: string, lines: number, atS: number) => boolean;
  createCrowdsec: (given: {
    distinct: boolean;
  }) => (address: string, account: string | null, atS: number) => boolean;
}>('bench/detect/pbx-logs.js');

const message = (method: string, { from = '100', to = '<sip:200@h>', more = '' } = {}) =>
  parseMessage(
    Buffer.from(
      `${method} sip:200@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n` +
        `From: <sip:${from}@h>;tag=1\r\nTo: ${to}\r\nCall-ID: 1\r\nCSeq: 1 ${method}\r\n${more}\r\n`,
    ),
  );
const CREDENTIALS = 'Authorization: Digest username="100"\r\n';

describe('the lines that an Asterisk would have logged', () => {
  const cases: readonly [string, SipMessage, string, Lines][] = [
    ['a REGISTER', message('REGISTER'), 'udp', { chanSip: 1, pjsip: 1, account: '100' }],
    [
      'a REGISTER with credentials',
      message('REGISTER', { more: CREDENTIALS }),
      'tcp',
      { chanSip: 1, pjsip: 2, account: '100' },
    ],
    ['an INVITE', message('INVITE'), 'udp', { chanSip: 1, pjsip: 1, account: '100' }],
    [
      'an INVITE with a To-tag',
      message('INVITE', { to: '<sip:200@h>;tag=2' }),
      'udp',
      { chanSip: 0, pjsip: 1, account: '100' },
    ],
    ['OPTIONS', message('OPTIONS'), 'udp', { chanSip: 0, pjsip: 1, account: '100' }],
    ['an ACK', message('ACK'), 'udp', { chanSip: 0, pjsip: 0, account: null }],
    ['OPTIONS over TLS', message('OPTIONS'), 'tls', { chanSip: 0, pjsip: 1, account: null }],
    [
      'a REGISTER of a user with a quote',
      message('REGISTER', { from: "a'or'1" }),
      'udp',
      { chanSip: 0, pjsip: 1, account: null },
    ],
    [
      'what is no SIP',
      parseMessage(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      'tcp',
      { chanSip: 0, pjsip: 0, account: null },
    ],
  ];
  it.each(cases)('for %s', (_name, parsed, transport, lines) => {
    expect(linesOf(parsed, transport)).toEqual(lines);
  });
});

/** The number of the event that bans, counted from one; null: none of 40. */
function firstBan(ban: (atS: number, index: number) => boolean, gapS: number): number | null {
  for (let index = 0; index < 40; index += 1) if (ban(index * gapS, index)) return index + 1;
  return null;
}

describe('the models of others', () => {
  it('fail2ban bans with the fifth failure in ten minutes, and never at one in three', () => {
    const within = createFail2ban();
    expect(firstBan((atS) => within('a', 1, atS), 149)).toBe(5);
    const beyond = createFail2ban();
    expect(firstBan((atS) => beyond('a', 1, atS), 180)).toBeNull();
  });

  it('fail2ban counts each address for itself', () => {
    const ban = createFail2ban();
    expect(firstBan((atS, index) => ban(String(index % 8), 1, atS), 1)).toBe(33);
  });

  it('CrowdSec overflows with the sixth event at once, later when some leak, never at ten seconds', () => {
    const cases = [
      [0.1, 6],
      [5, 10],
      [10, null],
    ] as const;
    for (const [gapS, expected] of cases) {
      const overflows = createCrowdsec({ distinct: false });
      expect(firstBan((atS) => overflows('a', '100', atS), gapS)).toBe(expected);
    }
  });

  it('CrowdSec counts one account once where it counts accounts', () => {
    const one = createCrowdsec({ distinct: true });
    expect(firstBan((atS) => one('a', '100', atS), 1)).toBeNull();
    const many = createCrowdsec({ distinct: true });
    expect(firstBan((atS, index) => many('a', String(index), atS), 0.1)).toBe(6);
  });

  it('CrowdSec counts no line whose account it cannot read', () => {
    const overflows = createCrowdsec({ distinct: false });
    expect(firstBan((atS) => overflows('a', null, atS), 0)).toBeNull();
  });
});
