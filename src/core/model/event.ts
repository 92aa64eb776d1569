import type { Noted } from './anomaly.js';
import type { AttackType } from './attack-type.js';
import type { Proof } from './proof.js';
import type { Outcome, Sensor } from './sensor.js';
import type { SipMessage } from './sip-message.js';
import type { Endpoint, TlsRecord, Transport } from './transport.js';

/** What core knows of one received message while it decides. */
export interface TrapEvent {
  /** Consecutive number, the primary key in the database. */
  readonly id: number;
  readonly receivedAtUs: number;
  readonly transport: Transport;
  readonly source: Endpoint;
  /** Whom it is laid to (model/identity.ts); left out: the address of the source itself. */
  readonly identity?: string;
  readonly local: Endpoint;
  readonly proof: Proof;
  readonly message: SipMessage;
  /** The To-tag is one that we gave, so it belongs to what was begun here; left out: no. */
  readonly inDialog?: boolean;
  /** Same branch, Call-ID and CSeq as a message seen shortly before: not counted again. */
  readonly retransmission: boolean;
  /** Where it was seen; left out: by the trap. */
  readonly sensor?: Sensor;
  /** What the PBX made of it; left out: `none`. */
  readonly outcome?: Outcome;
  /** Of a PBX: somebody logged in from the source a while ago; left out: no. */
  readonly vouched?: boolean;
  /** Autonomous system of the source; null or left out where it is not known. */
  readonly asn?: number | null;
}

/**
 * The event as it goes to the store: the decision, and the bytes. The store parses the bytes again
 * for its columns, on its own thread, so that the receiving thread never pays for them.
 */
export interface EventRecord {
  readonly id: number;
  /** RFC 9562 UUID, text. */
  readonly uuid: string;
  readonly receivedAtUs: number;
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly proof: Proof;
  /** The most harmful attack that a rule named on this very event. */
  readonly attackType: AttackType | null;
  /** The source's score after this event. */
  readonly score: number;
  /** Status code of our answer; null when none was sent. */
  readonly answeredStatus: number | null;
  /** The bytes received, up to the cap; `rawLength` is how many there were. */
  readonly raw: Uint8Array;
  readonly rawLength: number;
  /** Parsing all of the message found no anomaly; false where nobody looked. */
  readonly ordinary: boolean;
  /** Null or absent where no TLS handshake was completed. */
  readonly tls?: TlsRecord | null;
  readonly sensor: Sensor;
  /** What the PBX made of it; `none` of what the trap received. */
  readonly outcome: Outcome;
  /** Anomalies that the transport noted, which are not in the bytes; absent: none. */
  readonly noted?: readonly Noted[];
}
