// Messages for the campaigns of the detect bench. A packet is {atS, source, port, transport, local,
// raw}; `raw` may be a function of the nonce that the source was given, for digest credentials.
import { createHash } from 'node:crypto';

/** mulberry32: the same numbers for the same seed, in [0, 1). */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const pick = (random, list) => list[Math.floor(random() * list.length)];
export const digits = (random, count) =>
  Array.from({ length: count }, () => Math.floor(random() * 10)).join('');
const token = (random) => Math.floor(random() * 2 ** 48).toString(36);

const HOST = '192.0.2.1';
/** A name that real telephones have: what a tool calls itself when it hides. */
export const PHONE = 'Yealink SIP-T46U 108.86.0.20';

/** A request as text; what is not given is as a phone would write it. */
export function request(random, method, given = {}) {
  const user = given.user ?? '101';
  const from = given.from ?? user;
  const headers = [
    ['Via', `SIP/2.0/UDP ${given.via ?? '10.0.0.9:5060'};branch=z9hG4bK${token(random)};rport`],
    ['Max-Forwards', '70'],
    ['From', `<sip:${from}@${HOST}>;tag=${given.tag ?? token(random)}`],
    ['To', given.to ?? `<sip:${user}@${HOST}>`],
    ['Call-ID', given.callId ?? token(random)],
    ['CSeq', `${given.cseq ?? 1} ${method}`],
    ['User-Agent', given.agent ?? PHONE],
  ];
  if (given.contact !== null) {
    headers.push(['Contact', `<sip:${from}@${given.contact ?? '10.0.0.9'}:5060>`]);
  }
  headers.push(...(given.headers ?? []));
  const body = given.body ?? '';
  headers.push(['Content-Length', String(body.length)]);
  const uri = given.uri ?? (method === 'REGISTER' ? `sip:${HOST}` : `sip:${user}@${HOST}`);
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${uri} SIP/2.0`, ...lines, '', body].join('\r\n');
}

/** The same with the credentials that this password gives for the source's nonce, without qop. */
export function authenticated(random, method, given, password) {
  const user = given.user ?? '101';
  const uri = given.digestUri ?? `sip:${HOST}`;
  const text = request(random, method, {
    ...given,
    cseq: given.cseq ?? 2,
    headers: [['Authorization', 'CREDENTIALS']],
  });
  return (nonce) => {
    const response = createHash('md5').update(`${user}:${password}:${nonce}:${method}:${uri}`);
    const credentials = [
      `Digest username="${user}", realm="pbx", nonce="${nonce}", uri="${uri}"`,
      `response="${response.digest('hex')}", algorithm=MD5`,
    ].join(', ');
    return text.replace('CREDENTIALS', credentials);
  };
}

const COMPACT = { From: 'f', To: 't', Via: 'v', 'Call-ID': 'i', Contact: 'm', Subject: 's' };

const overText = (raw, change) =>
  typeof raw === 'string' ? change(raw) : (nonce) => change(raw(nonce));

/** What an attacker does to hide, each a change of the packets of a campaign. */
export const EVASIONS = {
  plain: (packets) => packets,
  renamed: (packets) =>
    packets.map((packet) => ({
      ...packet,
      raw: overText(packet.raw, (raw) => raw.replace(/^User-Agent:.*$/im, `User-Agent: ${PHONE}`)),
    })),
  'one in 35 min': (packets) => packets.map((packet, index) => ({ ...packet, atS: index * 2_100 })),
  'bursts 3 h apart': (packets) =>
    packets.map((packet, index) => ({
      ...packet,
      atS: Math.floor(index / 3) * 10_800 + (index % 3) * 1.5,
    })),
  'eight of a /24': (packets) =>
    packets.map((packet, index) => ({
      ...packet,
      source: packet.source.replace(/\d+$/, String(11 + (index % 8))),
    })),
  'ports change': (packets) =>
    packets.map((packet, index) => ({ ...packet, port: 20_000 + ((index * 7) % 40_000) })),
  compact: (packets) =>
    packets.map((packet) => ({
      ...packet,
      raw: overText(packet.raw, (raw) =>
        raw.replace(
          /^(From|To|Via|Call-ID|Contact|Subject):/gim,
          (_, name) =>
            `${COMPACT[Object.keys(COMPACT).find((key) => key.toLowerCase() === name.toLowerCase())]}:`,
        ),
      ),
    })),
  tcp: (packets) => packets.map((packet) => ({ ...packet, transport: 'tcp' })),
};
