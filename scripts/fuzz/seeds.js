import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/sip/', import.meta.url));
const SEED_BYTES_MAX = 8192;

const METHODS =
  'OPTIONS REGISTER INVITE ACK BYE CANCEL SUBSCRIBE NOTIFY PUBLISH MESSAGE INFO UPDATE PRACK REFER X'.split(
    ' ',
  );

/** Headers that are read somewhere, one at a time added to a plain request. */
const HEADERS = [
  'Authorization: Digest username="100", realm="asterisk", nonce="n", uri="sip:a", response="r"',
  'Proxy-Authorization: Digest username=100,algorithm=SHA-256,qop=auth,nc=1,cnonce="c",response=r',
  'Contact: "x" <sip:100@[2001:db8::1]:5060;ob>;expires=60, *',
  'Require: 100rel, x-new',
  'Max-Forwards: 0',
  'Content-Type: application/sdp\r\nContent-Length: 4',
  'Via: SIP/2.0/TCP b;branch=z9hG4bK-2;rport, SIP/2.0/UDP c',
  'Date: Fri, 01 Jan 2010 16:00:00 EST',
  'Subject: folded\r\n more\r\n\tand more',
  'Expires: 4294967296',
];

/** Messages to begin with: the project's own, those of SIP_CORPORA, and made-up ones. */
export async function loadSeeds() {
  const seeds = [...readFolder(FIXTURES)];
  const corpora = process.env.SIP_CORPORA;
  if (corpora !== undefined && existsSync(corpora)) {
    seeds.push(...readFolder(corpora), ...readTraffic(join(corpora, 'tool-traffic.jsonl')));
  }
  for (const method of METHODS) {
    seeds.push(request(method, ''));
    for (const header of HEADERS) seeds.push(request(method, `${header}\r\n`));
  }
  seeds.push(
    Buffer.from('SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\nCSeq: 1 INVITE\r\n\r\n'),
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3]),
    Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]),
    Buffer.alloc(0),
  );
  return seeds;
}

function request(method, header) {
  return Buffer.from(
    `${method} sip:100@198.51.100.1 SIP/2.0\r\n` +
      'Via: SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-1;rport\r\n' +
      'From: "A" <sip:100@198.51.100.1>;tag=1\r\nTo: <sip:100@198.51.100.1>\r\n' +
      `Call-ID: c@d\r\nCSeq: 1 ${method}\r\n${header}\r\nbody`,
    'latin1',
  );
}

function* readFolder(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* readFolder(path);
    else if (!/\.(?:tsv|md|jsonl)$/.test(name))
      yield readFileSync(path).subarray(0, SEED_BYTES_MAX);
  }
}

/** Each kind of packet of the recorded tools a few times: they are much alike. */
function readTraffic(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  const every = Math.max(1, Math.floor(lines.length / 500));
  return lines
    .filter((line, index) => line !== '' && index % every === 0)
    .map((line) => Buffer.from(JSON.parse(line).raw, 'latin1'));
}
