import type { Proof } from './proof.js';
import type { Outcome } from './sensor.js';
import type { Endpoint, Transport } from './transport.js';

/** What one line of a PBX's log says that a source did, and what became of it. Text as the line has it. */
export interface LogReport {
  /** Microseconds since 1970, UTC: the time in the line, else that of reading it. */
  readonly atUs: number;
  /** `port` 0: the line does not say. */
  readonly source: Endpoint;
  /** `udp` where the line does not say. */
  readonly transport: Transport;
  readonly outcome: Outcome;
  /** What the line alone proves of the address: a failed response to the PBX's own nonce, TCP, TLS. */
  readonly proof: Proof;
  /** null: the line does not say. */
  readonly method: string | null;
  readonly account: string | null;
  /** Extension or number that was called. */
  readonly called: string | null;
  readonly userAgent: string | null;
  readonly callId: string | null;
  /** The line, up to the cap. */
  readonly line: string;
  /** Which line of which grammar knew it: `asterisk-security/invalid-account`. */
  readonly grammar: string;
}
