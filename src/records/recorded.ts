import { LIMITS } from '../core/common/limits.js';
import type { LocalTimeReader } from '../core/common/local-time.js';
import type { LogReport } from '../core/model/log-report.js';
import type { Outcome, Sensor } from '../core/model/sensor.js';
import type { Proof } from '../core/model/proof.js';
import type { Packet } from '../core/model/transport.js';

/** A message that was received once, with what the record says of its address. */
export interface RecordedPacket {
  readonly packet: Packet;
  readonly proof: Proof;
  /** Of a request to a PBX: who saw it, and what became of it. Left out: the trap received it. */
  readonly sensed?: { readonly sensor: Exclude<Sensor, 'trap'>; readonly outcome: Outcome };
}

/** A message to or from a PBX, its answers included: what became of a request is for core to find out. */
export interface MirroredPacket {
  readonly packet: Packet;
  readonly mirror: 'hep' | 'capture';
}

/** A line of a PBX's log. */
export interface RecordedReport {
  readonly report: LogReport;
}

export type Recorded = RecordedPacket | MirroredPacket | RecordedReport;

export const recordedAtUs = (recorded: Recorded): number =>
  'report' in recorded ? recorded.report.atUs : recorded.packet.receivedAtUs;

export const FORMATS = ['pcap', 'pcapng', 'json-log', 'pbx-log', 'database'] as const;
export type Format = (typeof FORMATS)[number];

/** Why something of an input was not given to the agent. The key is part of the JSON. */
export const LEFT_OUT = {
  answers: 'answers to requests that were seen before',
  outgoing: 'sent by the host itself',
  own_requests: "answers to the host's own requests, and requests within its own dialogs",
  not_sip: 'neither SIP nor for a SIP port',
  not_udp_or_tcp: 'neither UDP nor TCP over IP',
  cut_short: 'kept only in part by the program that recorded them',
  encrypted: 'of encrypted streams',
  compressed: 'compressed WebSocket messages',
  web_socket_handshakes: 'handshakes of WebSockets, whose messages are read',
  hep: 'HEP packets that are damaged or hold no SIP',
  lost_fragments: 'fragments without the rest of their datagram',
  lost_stream_bytes: 'pieces of streams behind a gap, or without their beginning',
  evicted: 'of streams or datagrams given up because there were too many',
  unfinished: 'streams that ended in the middle of a message',
  bad_lines: 'lines that are no event',
  other_lines: "lines of a PBX's log that say nothing of anybody",
  no_bytes: 'events whose bytes are no longer kept',
} as const;
export type LeftOut = keyof typeof LEFT_OUT;

/** What was read of one input: nothing is left out in silence. */
export interface InputReport {
  readonly name: string;
  format: Format | null;
  /** Frames of a capture, lines of a log, rows of a database. */
  records: number;
  /** Messages taken out of them. */
  messages: number;
  readonly leftOut: Map<LeftOut, number>;
  /** What `not_udp_or_tcp` was, by name. The rest beyond the bound is under `others`. */
  readonly foreign: Map<string, number>;
  /** Reads local times; null where none can be in the input. */
  localTimes: LocalTimeReader | null;
  /** What is wrong with the input itself, from where on; null: nothing. */
  damage: string | null;
}

export const createInputReport = (name: string): InputReport => ({
  name,
  format: null,
  records: 0,
  messages: 0,
  leftOut: new Map(),
  foreign: new Map(),
  localTimes: null,
  damage: null,
});

export function leaveOut(report: InputReport, why: LeftOut, count = 1): void {
  report.leftOut.set(why, (report.leftOut.get(why) ?? 0) + count);
}

/** Leaves out a frame that holds neither UDP nor TCP, by what it is. */
export function leaveOutForeign(report: InputReport, name: string): void {
  leaveOut(report, 'not_udp_or_tcp');
  const { foreign } = report;
  const told = foreign.has(name) || foreign.size < LIMITS.captureNamesMax ? name : 'others';
  foreign.set(told, (foreign.get(told) ?? 0) + 1);
}

const SIP_LEFT_OUT: readonly LeftOut[] = ['answers', 'outgoing', 'own_requests', 'no_bytes'];

/**
 * False for an input that holds something, and nothing of it was understood as SIP: its silence
 * must not be taken for peace. A database holds nothing else, and may be empty.
 */
export const isUnderstood = ({ format, messages, leftOut }: InputReport): boolean =>
  format === 'database' || messages > 0 || SIP_LEFT_OUT.some((why) => leftOut.has(why));
