import type { AttackType } from '../core/model/attack-type.js';
import type { EventRecord } from '../core/model/event.js';
import type { Proof } from '../core/model/proof.js';
import type { TlsRecord, Transport } from '../core/model/transport.js';

/**
 * Events in the form in which they cross to the worker: a few large values in place of many small
 * objects, and the message bytes in one buffer that is handed over and not copied again.
 */
export interface PackedEvents {
  /** NUMBERS_PER_EVENT a record. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** TEXTS_PER_EVENT a record, each ended by a line feed, which none of them holds. */
  readonly texts: string;
  /** All the messages, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NUMBERS_PER_EVENT = 8;
const TEXTS_PER_EVENT = 9;
/** No status code, and no number that one can be. */
const NO_STATUS = -1;

export function packEvents(events: readonly EventRecord[]): PackedEvents {
  const numbers = new Float64Array(events.length * NUMBERS_PER_EVENT);
  let byteCount = 0;
  for (const { raw } of events) byteCount += raw.length;
  const bytes = new Uint8Array(byteCount);
  let texts = '';
  let offset = 0;
  let place = 0;
  for (const record of events) {
    const { source, local, raw, tls = null } = record;
    numbers[place] = record.id;
    numbers[place + 1] = record.receivedAtUs;
    numbers[place + 2] = source.port;
    numbers[place + 3] = local.port;
    numbers[place + 4] = record.score;
    numbers[place + 5] = record.answeredStatus ?? NO_STATUS;
    numbers[place + 6] = record.rawLength;
    numbers[place + 7] = raw.length;
    place += NUMBERS_PER_EVENT;
    texts += `${record.uuid}\n${record.transport}\n${source.address}\n${local.address}\n`;
    texts += `${record.proof}\n${record.attackType ?? ''}\n`;
    // The server name is escaped text: it holds no line feed either.
    texts += tls === null ? '\n\n\n' : `${tls.version}\n${tls.cipher}\n${tls.sni ?? ''}\n`;
    bytes.set(raw, offset);
    offset += raw.length;
  }
  return { numbers, texts, bytes };
}

/** The same records again; their bytes are views of the one buffer. */
export function unpackEvents({ numbers, texts, bytes }: PackedEvents): EventRecord[] {
  const words = texts.split('\n');
  const count = numbers.length / NUMBERS_PER_EVENT;
  const events: EventRecord[] = [];
  let offset = 0;
  for (let index = 0; index < count; index += 1) {
    const number = (column: number): number => numbers[index * NUMBERS_PER_EVENT + column] ?? 0;
    const word = (column: number): string => words[index * TEXTS_PER_EVENT + column] ?? '';
    const status = number(5);
    const end = offset + number(7);
    // packEvents wrote these words from the very types.
    const attackType = word(5) as AttackType | '';
    events.push({
      id: number(0),
      uuid: word(0),
      receivedAtUs: number(1),
      transport: word(1) as Transport,
      source: { address: word(2), port: number(2) },
      local: { address: word(3), port: number(3) },
      proof: word(4) as Proof,
      attackType: attackType === '' ? null : attackType,
      score: number(4),
      answeredStatus: status === NO_STATUS ? null : status,
      raw: bytes.subarray(offset, end),
      rawLength: number(6),
      tls: tlsOf(word(6), word(7), word(8)),
    });
    offset = end;
  }
  return events;
}

const tlsOf = (version: string, cipher: string, sni: string): TlsRecord | null =>
  version === '' ? null : { version, cipher, sni: sni === '' ? null : sni };
