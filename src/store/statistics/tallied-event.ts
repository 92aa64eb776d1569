import type { EventRecord } from '../../core/model/event.js';
import { nameOfUser } from '../../core/sip/user-part.js';
import type { EventFacts } from '../event-facts.js';
import type { StoreBatch } from '../types.js';

/** What is counted of one event. Packet text is unescaped. */
export interface TalliedEvent {
  readonly id: number;
  readonly atUs: number;
  /** Canonical address. */
  readonly source: string;
  readonly attackType: string | null;
  readonly transport: string;
  readonly proof: string;
  readonly method: string | null;
  readonly userAgent: string | null;
  /** Whom somebody tried to be: the name of credentials, else the extension to register. */
  readonly user: string | null;
  readonly calledNumber: string | null;
}

/** What is read of an event's record. */
export type TalliedRecord = Pick<
  EventRecord,
  'id' | 'receivedAtUs' | 'source' | 'attackType' | 'transport' | 'proof'
>;

/** What is counted of a batch. */
export interface TalliedBatch extends Pick<StoreBatch, 'blocks' | 'thinned'> {
  readonly tallied: readonly TalliedEvent[];
}

export function tallyEvent(record: TalliedRecord, facts: EventFacts): TalliedEvent {
  const nobodyCalled = facts.kind === 'request' && facts.calledNumber === null;
  return {
    id: record.id,
    atUs: record.receivedAtUs,
    source: record.source.address,
    attackType: record.attackType,
    transport: record.transport,
    proof: record.proof,
    method: facts.method,
    userAgent: facts.userAgent,
    user: facts.authUser ?? (nobodyCalled ? nameOfUser(facts.toUser) : null),
    calledNumber: facts.calledNumber,
  };
}
