import { NOTED, type Noted } from '../../core/model/anomaly.js';
import { ATTACK_TYPES } from '../../core/model/attack-type.js';
import type { EventRecord } from '../../core/model/event.js';
import { PROOFS } from '../../core/model/proof.js';
import { OUTCOMES, SENSORS } from '../../core/model/sensor.js';
import { TRANSPORTS, type TlsRecord } from '../../core/model/transport.js';

/**
 * Events in the form in which they wait for the worker and cross to it: a few large values in place
 * of many small objects, which the garbage collector would copy while they wait, and the message
 * bytes in one buffer that is handed over and not copied again.
 */
export interface PackedEvents extends PackMemory {
  readonly count: number;
  readonly textsLength: number;
}

/** What a packer writes into. */
export interface PackMemory {
  /** NUMBERS_PER_EVENT an event, and room for more. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** All the messages, one after another, and room for more. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * UTF-8 of UUID, source, local address, and the three texts of TLS where there was a handshake, a
   * line feed after each: none of them holds one. As strings they would outlive their generation
   * while they wait, and be garbage that only a whole collection takes away.
   */
  readonly texts: Uint8Array<ArrayBuffer>;
}

/** What goes to another thread as it is, and is not copied. */
export const buffersOf = ({ numbers, bytes, texts }: PackMemory): ArrayBuffer[] => [
  numbers.buffer,
  bytes.buffer,
  texts.buffer,
];

/** Packs events as they come. */
export interface Packer {
  add(record: EventRecord): void;
  count(): number;
  /** What was packed; the packer is empty then. */
  take(): PackedEvents;
  /** Memory that was taken and is done with: it is written over from now on. */
  reuse(memory: PackMemory): void;
}

const NUMBERS_PER_EVENT = 14;
/** Bits of the last of them. */
const HAS_TLS = 1;
const IS_ORDINARY = 2;
/** From here on, one for each of what the transport may note. */
const NOTED_FROM = 2;
/** No status code, no attack type, and no number that one can be. */
const NONE = -1;
const FIRST_EVENTS = 16;
const FIRST_BYTES = 16_384;
const ASCII_MAX = 0x7f;
const LINE_FEED = 0x0a;
const UTF8_BYTES_PER_UNIT_MAX = 3;
/** One batch is being packed while others are written; larger pieces are not kept for their like. */
const UNUSED_MAX = 3;
const UNUSED_BYTES_MAX = 4_194_304;

export function createPacker(): Packer {
  let count = 0;
  let bytesUsed = 0;
  let textsUsed = 0;
  let memory = emptyMemory();
  const unused: PackMemory[] = [];

  const putText = (text: string): void => {
    const most = textsUsed + text.length * UTF8_BYTES_PER_UNIT_MAX + 1;
    if (most > memory.texts.length) memory = { ...memory, texts: wider(memory.texts, most) };
    textsUsed = writeText(memory.texts, textsUsed, text);
  };

  return {
    add: (record) => {
      const { raw, tls = null } = record;
      if (count === 0) memory = unused.pop() ?? memory;
      const numbersUsed = count * NUMBERS_PER_EVENT;
      memory = withRoom(memory, numbersUsed + NUMBERS_PER_EVENT, bytesUsed + raw.length);
      writeNumbers(memory.numbers, numbersUsed, record);
      putText(record.uuid);
      putText(record.source.address);
      putText(record.local.address);
      if (tls !== null) {
        putText(tls.version);
        putText(tls.cipher);
        putText(tls.sni ?? '');
      }
      memory.bytes.set(raw, bytesUsed);
      bytesUsed += raw.length;
      count += 1;
    },
    count: () => count,
    take: () => {
      const packed = { count, textsLength: textsUsed, ...memory };
      count = 0;
      bytesUsed = 0;
      textsUsed = 0;
      memory = emptyMemory();
      return packed;
    },
    reuse: ({ numbers, bytes, texts }) => {
      const fits = bytes.length > 0 && bytes.length <= UNUSED_BYTES_MAX;
      if (fits && unused.length < UNUSED_MAX) unused.push({ numbers, bytes, texts });
    },
  };
}

const emptyMemory = (): PackMemory => ({
  numbers: new Float64Array(0),
  bytes: new Uint8Array(0),
  texts: new Uint8Array(0),
});

function withRoom(memory: PackMemory, numbersWanted: number, bytesWanted: number): PackMemory {
  const { numbers, bytes, texts } = memory;
  if (numbersWanted <= numbers.length && bytesWanted <= bytes.length) return memory;
  const room = { numbers, bytes: wider(bytes, bytesWanted), texts };
  if (numbersWanted <= numbers.length) return room;
  room.numbers = new Float64Array(Math.max(FIRST_EVENTS * NUMBERS_PER_EVENT, numbersWanted * 2));
  room.numbers.set(numbers);
  return room;
}

/** The same bytes with room for so many, as they are when there is. */
function wider(bytes: PackMemory['bytes'], wanted: number): PackMemory['bytes'] {
  if (wanted <= bytes.length) return bytes;
  const room = new Uint8Array(Math.max(FIRST_BYTES, wanted * 2));
  room.set(bytes);
  return room;
}

/** Writes a text and a line feed; where they end. There must be room for them. */
function writeText(to: PackMemory['texts'], at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > ASCII_MAX) return writeAny(to, at, text);
    to[at + index] = unit;
  }
  to[at + text.length] = LINE_FEED;
  return at + text.length + 1;
}

function writeAny(to: PackMemory['texts'], at: number, text: string): number {
  const end = at + new TextEncoder().encodeInto(text, to.subarray(at)).written;
  to[end] = LINE_FEED;
  return end + 1;
}

function writeNumbers(numbers: Float64Array, place: number, record: EventRecord): void {
  numbers[place] = record.id;
  numbers[place + 1] = record.receivedAtUs;
  numbers[place + 2] = record.source.port;
  numbers[place + 3] = record.local.port;
  numbers[place + 4] = record.score;
  numbers[place + 5] = record.answeredStatus ?? NONE;
  numbers[place + 6] = record.rawLength;
  numbers[place + 7] = record.raw.length;
  numbers[place + 8] = TRANSPORTS.indexOf(record.transport);
  numbers[place + 9] = PROOFS.indexOf(record.proof);
  numbers[place + 10] = record.attackType === null ? NONE : ATTACK_TYPES.indexOf(record.attackType);
  const { tls = null, ordinary, noted = [] } = record;
  let bits = (tls === null ? 0 : HAS_TLS) | (ordinary ? IS_ORDINARY : 0);
  for (const each of noted) bits |= 1 << (NOTED_FROM + NOTED.indexOf(each));
  numbers[place + 11] = bits;
  numbers[place + 12] = SENSORS.indexOf(record.sensor);
  numbers[place + 13] = OUTCOMES.indexOf(record.outcome);
}

/** The same records again, one after another; their bytes are views of the one buffer. */
export function* unpack(packed: PackedEvents): Generator<EventRecord> {
  const { count, numbers, bytes } = packed;
  const words = Buffer.from(packed.texts.buffer, 0, packed.textsLength).toString().split('\n');
  let offset = 0;
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const number = (column: number): number => numbers[index * NUMBERS_PER_EVENT + column] ?? 0;
    const word = (): string => words[at++] ?? '';
    const status = number(5);
    const length = number(7);
    const bits = number(11);
    yield {
      id: number(0),
      uuid: word(),
      receivedAtUs: number(1),
      transport: TRANSPORTS[number(8)] ?? 'udp',
      source: { address: word(), port: number(2) },
      local: { address: word(), port: number(3) },
      proof: PROOFS[number(9)] ?? 'none',
      attackType: ATTACK_TYPES[number(10)] ?? null,
      score: number(4),
      answeredStatus: status === NONE ? null : status,
      // A Buffer at once: who reads the message wants one.
      raw: Buffer.from(bytes.buffer, offset, length),
      rawLength: number(6),
      ordinary: (bits & IS_ORDINARY) !== 0,
      tls: (bits & HAS_TLS) === 0 ? null : tlsOf(word(), word(), word()),
      sensor: SENSORS[number(12)] ?? 'trap',
      outcome: OUTCOMES[number(13)] ?? 'none',
      noted: bits >> NOTED_FROM === 0 ? NOTHING : notedOf(bits >> NOTED_FROM),
    };
    offset += length;
  }
}

const NOTHING: readonly Noted[] = [];
const notedOf = (bits: number): readonly Noted[] =>
  NOTED.filter((_each, index) => (bits & (1 << index)) !== 0);

const tlsOf = (version: string, cipher: string, sni: string): TlsRecord => ({
  version,
  cipher,
  sni: sni === '' ? null : sni,
});
