import type { CallEnd, CallRecord } from '../model/call.js';
import { LIMITS } from '../common/limits.js';
import type { TrapEvent } from '../model/event.js';
import { detach } from '../common/text.js';
import { calledUser } from '../sip/user-part.js';

/** A call in progress: what is told of it, and what its requests are known by. */
export interface Call {
  record: CallRecord;
  readonly key: string;
  readonly toTag: string;
  readonly cseqNumber: number | null;
}

/** Calls in progress, oldest first; at most `callsMax`. */
export interface CallTable {
  readonly byKey: Map<string, Call>;
  /** Calls that were refused because the table or the operator's limit was full. */
  refused: number;
}

/** 64 times T1: how long a server waits for the ACK (RFC 3261 section 13.3.1.4). */
const CONFIRM_US = 32_000_000;
/** Characters of packet text that a call keeps of each name. */
const NAME_CHARS_MAX = 128;
const KEY_CHARS_MAX = 512;

export const createCallTable = (): CallTable => ({ byKey: new Map(), refused: 0 });

/**
 * The call that a request belongs to: same source, Call-ID and From tag, and our To-tag where it
 * carries one (RFC 3261 section 12). Null when there is none.
 */
export function findCall(
  table: CallTable,
  event: Pick<TrapEvent, 'source' | 'message'>,
): Call | null {
  if (table.byKey.size === 0) return null;
  const call = table.byKey.get(keyOf(event)) ?? null;
  const { toTag } = event.message;
  if (call === null || toTag === null || toTag === '') return call;
  return toTag === call.toTag ? call : null;
}

/** True when one more call may begin; `callsMax` is the operator's limit, 0 for none. */
export function hasRoom(table: CallTable, callsMax: number): boolean {
  const bound = callsMax === 0 ? LIMITS.callsMax : Math.min(callsMax, LIMITS.callsMax);
  return table.byKey.size < bound;
}

/** Begins the call of an answered INVITE. The caller has asked hasRoom(). */
export function beginCall(table: CallTable, event: TrapEvent, toTag: string): Call {
  const { message, source, id, receivedAtUs } = event;
  const cut = (text: string | null): string => detach((text ?? '').slice(0, NAME_CHARS_MAX));
  const record: CallRecord = {
    id,
    source: source.address,
    user: cut(message.authorization?.username ?? message.fromUser),
    called: cut(calledUser(message)),
    callId: cut(message.callId),
    beganAtUs: receivedAtUs,
    confirmedAtUs: null,
    endedAtUs: null,
    endHow: null,
  };
  const key = detach(keyOf(event));
  const call = { record, key, toTag: detach(toTag), cseqNumber: message.cseqNumber };
  table.byKey.set(call.key, call);
  return call;
}

/** The ACK of our answer has come. */
export function confirmCall(call: Call, nowUs: number): void {
  if (call.record.confirmedAtUs === null) call.record = { ...call.record, confirmedAtUs: nowUs };
}

export function endCall(table: CallTable, call: Call, how: CallEnd, nowUs: number): CallRecord {
  table.byKey.delete(call.key);
  return { ...call.record, endedAtUs: nowUs, endHow: how };
}

/** Takes the calls out whose time is over: never confirmed, or longer than `durationMaxUs`. */
export function takeOverdue(
  table: CallTable,
  durationMaxUs: number,
  nowUs: number,
): readonly CallRecord[] {
  const ended: CallRecord[] = [];
  for (const call of table.byKey.values()) {
    const { beganAtUs, confirmedAtUs } = call.record;
    const unconfirmed = confirmedAtUs === null && nowUs - beganAtUs >= CONFIRM_US;
    if (unconfirmed) ended.push(endCall(table, call, 'unconfirmed', beganAtUs + CONFIRM_US));
    else if (nowUs - beganAtUs >= durationMaxUs) {
      ended.push(endCall(table, call, 'timeout', beganAtUs + durationMaxUs));
    }
  }
  return ended;
}

function keyOf({ source, message }: Pick<TrapEvent, 'source' | 'message'>): string {
  const key = `${source.address}\n${message.callId ?? ''}\n${message.fromTag ?? ''}`;
  return key.length > KEY_CHARS_MAX ? key.slice(0, KEY_CHARS_MAX) : key;
}
