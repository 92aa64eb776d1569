import { LIMITS } from '../core/common/limits.js';
import { IMPORTANCES, type Notice, type OutboxEntry } from '../core/model/notice.js';

/** Entries that wait, in the order they came, and how each target fares. Changes by these functions. */
export interface OutboxQueue {
  readonly waiting: Map<number, OutboxEntry>;
  readonly targets: Map<string, TargetState>;
  nextId: number;
}

interface TargetState {
  /** Failures in a row. */
  failures: number;
  /** Nothing goes there before. */
  nextAtUs: number;
  busy: boolean;
  sent: number;
  failed: number;
}

/** How an attempt went. `retryAfterS`: what the receiver asked for. */
export type SendOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly retryAfterS: number | null };

const FIRST_WAIT_S = 30;
const LONGEST_WAIT_S = 3_600;
const ASKED_WAIT_S_MAX = 6 * 3_600;
/** Share of the wait that chance adds, so that many agents do not come back together. */
const JITTER = 0.2;

export function createQueue(waiting: readonly OutboxEntry[], nextId: number): OutboxQueue {
  return {
    waiting: new Map(waiting.map((entry) => [entry.id, entry])),
    targets: new Map(),
    nextId,
  };
}

/** An entry for each target; where there is no room for all, the least important of the oldest go. */
export function enqueue(
  queue: OutboxQueue,
  notices: readonly Notice[],
  targets: readonly string[],
  nowUs: number,
): { readonly added: readonly OutboxEntry[]; readonly dropped: readonly OutboxEntry[] } {
  const added: OutboxEntry[] = [];
  for (const notice of notices) {
    for (const target of targets) {
      const id = queue.nextId++;
      const entry: OutboxEntry = {
        ...{ id, target, notice, attempts: 0 },
        ...{ state: 'waiting', endedAtUs: null, error: null },
      };
      queue.waiting.set(id, entry);
      added.push(entry);
    }
  }
  const over = queue.waiting.size - LIMITS.outboxWaitingMax;
  const dropped = over <= 0 ? [] : leastWanted(queue, over);
  return {
    added: added.filter(({ id }) => !dropped.some((each) => each.id === id)),
    dropped: dropped.map((entry) => giveUp(queue, entry, 'too many were waiting', nowUs)),
  };
}

function leastWanted(queue: OutboxQueue, count: number): readonly OutboxEntry[] {
  const rank = ({ notice }: OutboxEntry): number => IMPORTANCES.indexOf(notice.importance);
  const isIdle = ({ target }: OutboxEntry): boolean => queue.targets.get(target)?.busy !== true;
  const order = [...queue.waiting.values()].filter(isIdle);
  return order.sort((a, b) => rank(a) - rank(b) || a.id - b.id).slice(0, count);
}

/** The next entry of each target that may be tried now; its target is busy from then on. */
export function takeDue(queue: OutboxQueue, nowUs: number): readonly OutboxEntry[] {
  const due: OutboxEntry[] = [];
  for (const entry of queue.waiting.values()) {
    const state = stateOf(queue, entry.target);
    if (state.busy || state.nextAtUs > nowUs) continue;
    state.busy = true;
    due.push(entry);
  }
  return due;
}

/** Notes how an attempt went; gives the entry as it is now. `random` in [0, 1). */
export function noteOutcome(
  queue: OutboxQueue,
  entry: OutboxEntry,
  outcome: SendOutcome,
  nowUs: number,
  random: number,
): OutboxEntry {
  const state = stateOf(queue, entry.target);
  state.busy = false;
  const attempts = entry.attempts + 1;
  if (outcome.ok) {
    Object.assign(state, { failures: 0, nextAtUs: 0, sent: state.sent + 1 });
    queue.waiting.delete(entry.id);
    return { ...entry, attempts, state: 'sent', endedAtUs: nowUs, error: null };
  }
  state.failures += 1;
  state.nextAtUs = nowUs + waitS(state.failures, outcome.retryAfterS, random) * 1_000_000;
  const tried = { ...entry, attempts, error: outcome.why };
  if (nowUs - entry.notice.atUs > LIMITS.outboxAgeS * 1_000_000)
    return giveUp(queue, tried, outcome.why, nowUs);
  if (queue.waiting.has(entry.id)) queue.waiting.set(entry.id, tried);
  return tried;
}

/** Doubles from half a minute to an hour, or as the receiver asks, within a bound. */
export function waitS(failures: number, retryAfterS: number | null, random: number): number {
  const own = Math.min(FIRST_WAIT_S * 2 ** (failures - 1), LONGEST_WAIT_S);
  const wait = Math.max(own, Math.min(retryAfterS ?? 0, ASKED_WAIT_S_MAX));
  return wait * (1 + JITTER * random);
}

/** Ends what waits for targets that are not there any more. */
export function dropStrangers(
  queue: OutboxQueue,
  targets: readonly string[],
  nowUs: number,
): readonly OutboxEntry[] {
  const strangers = [...queue.waiting.values()].filter(({ target }) => !targets.includes(target));
  return strangers.map((entry) => giveUp(queue, entry, 'it is not configured any more', nowUs));
}

/** When the next entry may go; null: none waits but for those under way. */
export function nextDueUs(queue: OutboxQueue): number | null {
  let next: number | null = null;
  for (const { target } of queue.waiting.values()) {
    const { busy, nextAtUs } = stateOf(queue, target);
    if (!busy && (next === null || nextAtUs < next)) next = nextAtUs;
  }
  return next;
}

export function stateOf(queue: OutboxQueue, target: string): TargetState {
  const known = queue.targets.get(target);
  if (known !== undefined) return known;
  const fresh = { failures: 0, nextAtUs: 0, busy: false, sent: 0, failed: 0 };
  queue.targets.set(target, fresh);
  return fresh;
}

function giveUp(queue: OutboxQueue, entry: OutboxEntry, why: string, nowUs: number): OutboxEntry {
  queue.waiting.delete(entry.id);
  stateOf(queue, entry.target).failed += 1;
  return { ...entry, state: 'failed', endedAtUs: nowUs, error: why };
}
