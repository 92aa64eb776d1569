import { messageOf } from '../core/common/errors.js';
import type { Notice, OutboxEntry } from '../core/model/notice.js';
import {
  createQueue,
  dropStrangers,
  enqueue,
  nextDueUs,
  noteOutcome,
  stateOf,
  takeDue,
  type SendOutcome,
  type OutboxQueue,
} from './queue.js';
import { SendError, type Sender } from './sender.js';

export interface OutboxOptions {
  /** What waited when the agent before ended, and the first free number. */
  readonly load: () => Promise<{
    readonly waiting: readonly OutboxEntry[];
    readonly nextId: number;
  }>;
  /** Puts entries into the database as they are now. Rejects while it takes nothing. */
  readonly keep: (entries: readonly OutboxEntry[]) => Promise<void>;
  /** Where notices go now; asked anew for each. */
  readonly senders: () => readonly Sender[];
  readonly nowUs: () => number;
  readonly random: () => number;
  readonly say: (text: string) => void;
  /** Calls back after so many milliseconds; returns what stops that. */
  readonly wait: (ms: number, then: () => void) => () => void;
}

export interface TargetCounts {
  readonly target: string;
  readonly waiting: number;
  readonly sent: number;
  readonly failed: number;
}

export interface Outbox {
  /** Takes notices for every target. Never rejects. */
  post(notices: readonly Notice[]): Promise<void>;
  /** Other targets are configured: what waits for those that are gone is given up. */
  follow(): Promise<void>;
  readonly counts: () => readonly TargetCounts[];
  /** Waits for what is under way, no longer than a sender may take. */
  close(): Promise<void>;
}

/**
 * What must reach somebody. A notice is in the database before it is tried, and leaves it when it
 * has arrived: a restart or a dead receiver loses nothing, and one that arrived just before a crash
 * may arrive twice, with the same id.
 */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const { waiting, nextId } = await options.load();
  const running: Running = {
    options,
    queue: createQueue(waiting, nextId),
    underWay: new Set(),
    cancel: () => undefined,
    closed: false,
    unkept: null,
  };
  const { queue, underWay } = running;
  await follow(running);
  return {
    post: (notices) => post(running, notices),
    follow: () => follow(running),
    counts: () =>
      [...queue.targets].map(([target, { sent, failed }]) => {
        const some = [...queue.waiting.values()].filter((entry) => entry.target === target);
        return { target, waiting: some.length, sent, failed };
      }),
    close: async () => {
      running.closed = true;
      running.cancel();
      await Promise.all(underWay);
    },
  };
}

interface Running {
  readonly options: OutboxOptions;
  readonly queue: OutboxQueue;
  readonly underWay: Set<Promise<void>>;
  /** Stops the wait for the next entry. */
  cancel: () => void;
  closed: boolean;
  /** Why the database takes nothing, as it was said; null: it does. */
  unkept: string | null;
}

const namesNow = ({ options }: Running): readonly string[] =>
  options.senders().map(({ name }) => name);

async function post(running: Running, notices: readonly Notice[]): Promise<void> {
  const { options, queue } = running;
  const targets = namesNow(running);
  if (running.closed || targets.length === 0 || notices.length === 0) return;
  const { added, dropped } = enqueue(queue, notices, targets, options.nowUs());
  if (dropped.length > 0) options.say(`${dropped.length} alerts were given up: too many wait`);
  await keep(running, [...added, ...dropped]);
  pump(running);
}

async function follow(running: Running): Promise<void> {
  const { options, queue } = running;
  await keep(running, dropStrangers(queue, namesNow(running), options.nowUs()));
  pump(running);
}

async function keep(running: Running, entries: readonly OutboxEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const { options } = running;
  try {
    await options.keep(entries);
    running.unkept = null;
  } catch (error) {
    const why = messageOf(error);
    if (why !== running.unkept)
      options.say(`alerts go out, and a restart may lose or repeat some: ${why}`);
    running.unkept = why;
  }
}

/** Begins with all that may be tried now, and waits for what comes after. */
function pump(running: Running): void {
  const { options, queue, underWay } = running;
  running.cancel();
  if (running.closed) return;
  for (const entry of takeDue(queue, options.nowUs())) {
    const work: Promise<void> = attempt(running, entry).finally(() => {
      underWay.delete(work);
      pump(running);
    });
    underWay.add(work);
  }
  const next = nextDueUs(queue);
  if (next === null) return;
  const ms = Math.max(0, (next - options.nowUs()) / 1_000);
  running.cancel = options.wait(ms, () => {
    pump(running);
  });
}

async function attempt(running: Running, entry: OutboxEntry): Promise<void> {
  const { options, queue } = running;
  const { nowUs, random, say } = options;
  const sender = options.senders().find(({ name }) => name === entry.target);
  const outcome = await send(sender, entry.notice);
  const before = stateOf(queue, entry.target).failures;
  const now = noteOutcome(queue, entry, outcome, nowUs(), random());
  if (!outcome.ok && before === 0) say(`alerts do not reach ${entry.target}: ${outcome.why}`);
  if (outcome.ok && before > 0) say(`alerts reach ${entry.target} again`);
  await keep(running, [now]);
}

/** Never rejects: whatever a sender throws is a failure that may pass. */
export async function send(sender: Sender | undefined, notice: Notice): Promise<SendOutcome> {
  if (sender === undefined)
    return { ok: false, why: 'it is not configured any more', retryAfterS: null };
  try {
    await sender.send(notice);
    return { ok: true };
  } catch (error) {
    const retryAfterS = error instanceof SendError ? error.retryAfterS : null;
    return { ok: false, why: messageOf(error), retryAfterS };
  }
}
