// What a PBX mirrors while phones register: each REGISTER, its challenge, the same with credentials,
// and the answer to that, every one with a Call-ID of its own. As HEP packets of version 3.
import { encodeHep } from '../../dist/records/hep/encode.js';

const PBX = { address: '192.0.2.1', port: 5060 };
const AGENT = { id: 1, name: 'pbx', key: '' };
const SOURCES = 1_000;

/** `count` packets, four to a registration. */
export function mirrored(count) {
  const packets = [];
  for (let at = 0; packets.length < count; at += 1) packets.push(...registration(at));
  return packets.slice(0, count);
}

function registration(at) {
  const source = {
    address: `198.18.${(at % SOURCES) >> 8}.${at & 255}`,
    port: 5_060,
  };
  const nonce = `${at}-nonce`;
  const credentials =
    `Authorization: Digest username="${100 + (at % SOURCES)}", realm="pbx.example", ` +
    `nonce="${nonce}", uri="sip:pbx.example", response="${String(at).padStart(32, '0')}"`;
  const challenge = `WWW-Authenticate: Digest realm="pbx.example", nonce="${nonce}", algorithm=MD5`;
  const way = (text, from, to) =>
    encodeHep(
      {
        ...{ transport: 'udp', source: from, destination: to, atUs: Date.now() * 1_000 },
        bytes: Buffer.from(text),
      },
      AGENT,
    );
  return [
    way(message('REGISTER sip:pbx.example SIP/2.0', at, 1, []), source, PBX),
    way(message('SIP/2.0 401 Unauthorized', at, 1, [challenge]), PBX, source),
    way(message('REGISTER sip:pbx.example SIP/2.0', at, 2, [credentials]), source, PBX),
    way(message('SIP/2.0 200 OK', at, 2, ['Expires: 300']), PBX, source),
  ];
}

function message(first, at, number, more) {
  const account = 100 + (at % SOURCES);
  return [
    first,
    `Via: SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bK${at}x${number};rport`,
    'Max-Forwards: 70',
    `From: <sip:${account}@pbx.example>;tag=${at}`,
    `To: <sip:${account}@pbx.example>`,
    `Call-ID: ${at}@198.18.0.1`,
    `CSeq: ${number} REGISTER`,
    `Contact: <sip:${account}@198.18.0.1:5060>`,
    'User-Agent: Yealink SIP-T46S 66.85.0.5',
    ...more,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
