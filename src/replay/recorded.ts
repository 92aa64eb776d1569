import type { Proof } from '../core/model/proof.js';
import type { Packet } from '../core/model/transport.js';

/** A message that was received once, with what the record says of its address. */
export interface RecordedPacket {
  readonly packet: Packet;
  readonly proof: Proof;
}

export const FORMATS = ['pcap', 'pcapng', 'json-log', 'database'] as const;
export type Format = (typeof FORMATS)[number];

/** Why something of an input was not given to the agent. The key is part of the JSON. */
export const LEFT_OUT = {
  answers: 'answers of the host itself',
  outgoing: 'sent by the host itself',
  not_sip: 'neither SIP nor for a SIP port',
  not_udp_or_tcp: 'neither UDP nor TCP over IP',
  cut_short: 'kept only in part by the program that recorded them',
  encrypted: 'of encrypted streams',
  lost_fragments: 'fragments without the rest of their datagram',
  lost_stream_bytes: 'pieces of streams behind a gap, or without their beginning',
  evicted: 'of streams or datagrams given up because there were too many',
  unfinished: 'streams that ended in the middle of a message',
  bad_lines: 'lines that are no event',
  no_bytes: 'events whose bytes are no longer kept',
} as const;
export type LeftOut = keyof typeof LEFT_OUT;

/** What was read of one input: nothing is left out in silence. */
export interface Ledger {
  readonly name: string;
  format: Format | null;
  /** Frames of a capture, lines of a log, rows of a database. */
  records: number;
  /** Messages taken out of them. */
  messages: number;
  readonly leftOut: Map<LeftOut, number>;
  /** What is wrong with the input itself, from where on; null: nothing. */
  damage: string | null;
}

export const createLedger = (name: string): Ledger => ({
  name,
  format: null,
  records: 0,
  messages: 0,
  leftOut: new Map(),
  damage: null,
});

export function leaveOut(ledger: Ledger, why: LeftOut, count = 1): void {
  ledger.leftOut.set(why, (ledger.leftOut.get(why) ?? 0) + count);
}
