import { parseObject } from '../../records/logs/read-json.js';

/** One record of `journalctl -o json`. */
export interface JournalRecord {
  readonly cursor: string;
  /** As syslog would write it, with its time in UTC. The message may have line ends: it is one record. */
  readonly line: string;
}

/** Null for what is no record, or has no message. */
export function readJournalLine(text: string): JournalRecord | null {
  const fields = parseObject(text);
  if (fields === null) return null;
  const message = textOf(fields['MESSAGE']);
  const cursor = textOf(fields['__CURSOR']);
  const us = Number(textOf(fields['__REALTIME_TIMESTAMP']) ?? NaN);
  if (message === null || cursor === null || !Number.isSafeInteger(us) || us < 0) return null;
  if (us > MOMENT_US_MAX) return null;
  const time = new Date(Math.floor(us / 1_000)).toISOString().slice(0, -4);
  const micros = String(us % 1_000_000).padStart(6, '0');
  const host = textOf(fields['_HOSTNAME']) ?? 'localhost';
  const name = textOf(fields['SYSLOG_IDENTIFIER']) ?? textOf(fields['_COMM']) ?? 'unknown';
  const pid = textOf(fields['_PID']) ?? '0';
  return { cursor, line: `${time}${micros}Z ${host} ${name}[${pid}]: ${message}` };
}

/** The last moment that a Date can hold. */
const MOMENT_US_MAX = 8_640_000_000_000_000_000;

/** What is no UTF-8 is a list of bytes there. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const bytes = value.filter((each): each is number => typeof each === 'number');
  return Buffer.from(bytes).toString('utf8');
}
