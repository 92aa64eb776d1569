const MESSAGE_BYTES_MAX = 65_535;
/** A long run of one token in every so many messages: what is not linear shows there. */
const LONG_ONE_IN = 200;

/** What parsers trip over. */
const TOKENS = [
  ...['\r\n', '\n', '\r', '\r\n ', '\0', ' ', '\t', ';', ';;', ',', ',,', ':', '"', '\\', '\\"'],
  ...['<', '>', '<>', '@', '=', '%00', '%', '[', ']', '[::1]', 'sip:', 'tel:', ';tag=', ';branch='],
  ...[';rport', ';rport=', ';received=', 'SIP/2.0', ' SIP/2.0\r\n', 'Digest ', 'nonce="', '"a"'],
  ...[
    '4294967296',
    '-1',
    '99999999999999999999',
    '\xff\xfe',
    '\r\n\r\n',
    'Via:',
    'v:',
    'To: ',
    'm:',
  ],
  ...['Content-Length: ', 'l: 9', 'CSeq: 1 ', '1 INVITE', '*', '?a=b', '\u0041: ', ' : '],
];

/** A source of mutated messages that a seed repeats. */
export function createMutator(seeds, seed) {
  const random = createRandom(seed);
  const pick = (list) => list[random(list.length)];
  const changes = [
    (bytes) => flip(bytes, random),
    (bytes) => insert(bytes, Buffer.from(pick(TOKENS), 'latin1'), random),
    (bytes) => insert(bytes, Buffer.from(pick(TOKENS), 'latin1'), random),
    (bytes) => cut(bytes, random),
    (bytes) => bytes.subarray(0, random(bytes.length + 1)),
    (bytes) => repeat(bytes, random),
    (bytes) => splice(bytes, pick(seeds), random),
    (bytes) => moveLine(bytes, random),
    (bytes) => insert(bytes, Buffer.from([random(256)]), random),
  ];
  return () => {
    let bytes = pick(seeds);
    const count = 1 + random(6);
    for (let index = 0; index < count; index += 1) bytes = pick(changes)(bytes);
    if (random(LONG_ONE_IN) === 0) {
      const token = Buffer.from(pick(TOKENS), 'latin1');
      bytes = insert(bytes, Buffer.alloc(random(MESSAGE_BYTES_MAX), token), random);
    }
    return Buffer.from(bytes.subarray(0, MESSAGE_BYTES_MAX));
  };
}

/** mulberry32: small, fast, the same everywhere. */
function createRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function flip(bytes, random) {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[random(copy.length)] ^= 1 << random(8);
  return copy;
}

function insert(bytes, what, random) {
  const at = random(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
}

function cut(bytes, random) {
  const from = random(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + random(40))]);
}

function repeat(bytes, random) {
  const from = random(bytes.length + 1);
  const part = bytes.subarray(from, from + 1 + random(60));
  return insert(bytes, Buffer.concat(Array.from({ length: 1 + random(20) }, () => part)), random);
}

function splice(bytes, other, random) {
  const head = bytes.subarray(0, random(bytes.length + 1));
  return Buffer.concat([head, other.subarray(random(other.length + 1))]);
}

function moveLine(bytes, random) {
  const lines = bytes.toString('latin1').split('\r\n');
  const [line = ''] = lines.splice(random(lines.length), 1);
  lines.splice(random(lines.length + 1), 0, line);
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
