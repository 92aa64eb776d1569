import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import type { OutboxEntry } from '../../src/core/model/notice.js';
import {
  createQueue,
  dropStrangers,
  enqueue,
  nextDueUs,
  noteOutcome,
  takeDue,
  waitS,
} from '../../src/outbox/queue.js';
import { makeNotice } from './notices.js';

const REFUSED = { ok: false, why: 'status 500', retryAfterS: null } as const;

describe('the queue of the outbox', () => {
  it('gives each target one entry at a time, in the order they came', () => {
    const queue = createQueue([], 1);
    enqueue(queue, [makeNotice(), makeNotice()], ['mail', 'slack'], 0);
    expect(takeDue(queue, 0).map(({ id, target }) => [id, target])).toEqual([
      [1, 'mail'],
      [2, 'slack'],
    ]);
    expect(takeDue(queue, 0)).toEqual([]);
  });

  it('lets a target that failed rest, and the others go on', () => {
    const queue = createQueue([], 1);
    enqueue(queue, [makeNotice(), makeNotice()], ['mail', 'slack'], 0);
    const [mail, slack] = takeDue(queue, 0);
    if (mail === undefined || slack === undefined) throw new Error('nothing is due');
    noteOutcome(queue, mail, REFUSED, 0, 0);
    noteOutcome(queue, slack, { ok: true }, 0, 0);
    expect(takeDue(queue, 1).map(({ target }) => target)).toEqual(['slack']);
    expect(nextDueUs(queue)).toBe(30_000_000);
    expect(takeDue(queue, 30_000_000).map(({ id }) => id)).toEqual([1]);
  });

  it.each([
    [1, null, 0, 30],
    [2, null, 0, 60],
    [20, null, 0, 3_600],
    [1, null, 1, 36],
    [1, 120, 0, 120],
    [1, 1e9, 0, 21_600],
  ])('waits after %i failures, asked for %j: %#', (failures, asked, random, expected) => {
    expect(waitS(failures, asked, random)).toBe(expected);
  });

  it('gives up what is too old when it fails once more, and says why', () => {
    const queue = createQueue([], 1);
    const [entry] = enqueue(queue, [makeNotice({ atUs: 0 })], ['mail'], 0).added;
    if (entry === undefined) throw new Error('nothing was added');
    const late = LIMITS.outboxAgeS * 1_000_000 + 1;
    expect(noteOutcome(queue, entry, REFUSED, late, 0)).toMatchObject({
      state: 'failed',
      error: 'status 500',
      attempts: 1,
    });
    expect(queue.waiting.size).toBe(0);
  });

  it('drops the least important of the oldest where there are too many', () => {
    const queue = createQueue([], 1);
    enqueue(queue, [makeNotice({ kind: 'toll_fraud' }), makeNotice()], ['mail'], 0);
    const many = Array.from({ length: LIMITS.outboxWaitingMax - 2 }, () =>
      makeNotice({ kind: 'job' }),
    );
    expect(enqueue(queue, many, ['mail'], 0).dropped).toEqual([]);
    const { dropped } = enqueue(queue, [makeNotice({ kind: 'disk' })], ['mail'], 0);
    expect(dropped.map(({ id, state }) => [id, state])).toEqual([[2, 'failed']]);
    expect(queue.waiting.size).toBe(LIMITS.outboxWaitingMax);
  });

  it('ends what waits for a target that is not configured any more', () => {
    const queue = createQueue([], 1);
    enqueue(queue, [makeNotice()], ['mail', 'slack'], 0);
    expect(dropStrangers(queue, ['slack'], 5)).toMatchObject([
      { target: 'mail', state: 'failed', endedAtUs: 5 },
    ]);
  });

  // What it means: kept until it has arrived, whatever fails and however often all begins anew.
  it('brings each notice to each target in order, through failures and restarts', () => {
    const acts = fc.array(
      fc.oneof(
        fc.constant('post' as const),
        fc.constant('restart' as const),
        fc.record({ fails: fc.boolean(), afterS: fc.integer({ min: 0, max: 4_000 }) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(acts, (all) => {
        const stored = new Map<number, OutboxEntry>();
        const arrived: Record<string, string[]> = { a: [], b: [] };
        const posted: string[] = [];
        let queue = createQueue([], 1);
        let nowUs = 0;
        const keep = (entries: readonly OutboxEntry[]): void => {
          for (const entry of entries) stored.set(entry.id, entry);
        };
        const attempt = (fails: boolean): void => {
          for (const entry of takeDue(queue, nowUs)) {
            if (!fails) arrived[entry.target]?.push(entry.notice.id);
            keep([noteOutcome(queue, entry, fails ? REFUSED : { ok: true }, nowUs, 0.5)]);
          }
        };
        for (const act of all) {
          if (act === 'post') {
            const notice = makeNotice({ id: String(posted.length), atUs: nowUs });
            posted.push(notice.id);
            keep(enqueue(queue, [notice], ['a', 'b'], nowUs).added);
          } else if (act === 'restart') {
            const waiting = [...stored.values()].filter(({ state }) => state === 'waiting');
            queue = createQueue(waiting, Math.max(0, ...stored.keys()) + 1);
          } else {
            nowUs += act.afterS * 1_000_000;
            attempt(act.fails);
          }
        }
        for (let rounds = 0; rounds < 2 * posted.length + 2; rounds += 1) {
          nowUs += 4_400_000_000;
          attempt(false);
        }
        expect(arrived).toEqual({ a: posted, b: posted });
      }),
    );
  });
});
