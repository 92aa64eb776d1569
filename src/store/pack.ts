import { ATTACK_TYPES } from '../core/model/attack-type.js';
import type { EventRecord } from '../core/model/event.js';
import { PROOFS } from '../core/model/proof.js';
import { TRANSPORTS, type TlsRecord } from '../core/model/transport.js';

/**
 * Events in the form in which they wait for the worker and cross to it: a few large values in place
 * of many small objects, which the garbage collector would copy while they wait, and the message
 * bytes in one buffer that is handed over and not copied again.
 */
export interface PackedEvents extends PackMemory {
  readonly count: number;
  /**
   * UUID, source, local address, and the three texts of TLS where there was a handshake, a line
   * feed between: none of them holds one.
   */
  readonly texts: string;
}

/** What a packer writes into. */
export interface PackMemory {
  /** NUMBERS_PER_EVENT an event, and room for more. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** All the messages, one after another, and room for more. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Packs events as they come. */
export interface Packer {
  add(record: EventRecord): void;
  count(): number;
  /** What was packed; the packer is empty then. */
  take(): PackedEvents;
  /** Memory that was taken and is done with: it is written over from now on. */
  reuse(memory: PackMemory): void;
}

const NUMBERS_PER_EVENT = 12;
/** No status code, no attack type, and no number that one can be. */
const NONE = -1;
const FIRST_EVENTS = 16;
const FIRST_BYTES = 16_384;
/** One batch is being packed while others are written; larger pieces are not kept for their like. */
const UNUSED_MAX = 3;
const UNUSED_BYTES_MAX = 4_194_304;

export function createPacker(): Packer {
  let count = 0;
  let used = 0;
  let texts: string[] = [];
  let numbers = new Float64Array(0);
  let bytes = new Uint8Array(0);

  const unused: PackMemory[] = [];

  const makeRoom = (length: number): void => {
    if (count === 0 && bytes.length === 0)
      ({ numbers, bytes } = unused.pop() ?? { numbers, bytes });
    const wanted = (count + 1) * NUMBERS_PER_EVENT;
    if (wanted > numbers.length) {
      const wider = new Float64Array(Math.max(FIRST_EVENTS * NUMBERS_PER_EVENT, wanted * 2));
      wider.set(numbers);
      numbers = wider;
    }
    if (used + length > bytes.length) {
      const wider = new Uint8Array(Math.max(FIRST_BYTES, (used + length) * 2));
      wider.set(bytes);
      bytes = wider;
    }
  };

  return {
    add: (record) => {
      const { raw, tls = null } = record;
      makeRoom(raw.length);
      writeNumbers(numbers, count * NUMBERS_PER_EVENT, record);
      texts.push(record.uuid, record.source.address, record.local.address);
      if (tls !== null) texts.push(tls.version, tls.cipher, tls.sni ?? '');
      bytes.set(raw, used);
      used += raw.length;
      count += 1;
    },
    count: () => count,
    take: () => {
      const packed = { count, numbers, texts: texts.join('\n'), bytes };
      count = 0;
      used = 0;
      texts = [];
      numbers = new Float64Array(0);
      bytes = new Uint8Array(0);
      return packed;
    },
    reuse: (memory) => {
      const fits = memory.bytes.length > 0 && memory.bytes.length <= UNUSED_BYTES_MAX;
      if (fits && unused.length < UNUSED_MAX) unused.push(memory);
    },
  };
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
  numbers[place + 11] = (record.tls ?? null) === null ? 0 : 1;
}

/** The same records again, one after another; their bytes are views of the one buffer. */
export function* unpack({ count, numbers, texts, bytes }: PackedEvents): Generator<EventRecord> {
  const words = texts.split('\n');
  let offset = 0;
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const number = (column: number): number => numbers[index * NUMBERS_PER_EVENT + column] ?? 0;
    const word = (): string => words[at++] ?? '';
    const status = number(5);
    const end = offset + number(7);
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
      raw: bytes.subarray(offset, end),
      rawLength: number(6),
      tls: number(11) === 0 ? null : tlsOf(word(), word(), word()),
    };
    offset = end;
  }
}

const tlsOf = (version: string, cipher: string, sni: string): TlsRecord => ({
  version,
  cipher,
  sni: sni === '' ? null : sni,
});
