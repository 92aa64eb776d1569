import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FirewallChange } from '../../src/core/model/block.js';
import { AgentError, type ErrorCode } from '../../src/core/common/errors.js';
import { LIMITS } from '../../src/core/common/limits.js';
import { createObserve } from '../../src/firewall/observe.js';
import type { Firewall } from '../../src/firewall/port.js';
import { createFirewallQueue, type FirewallQueue } from '../../src/firewall/queue.js';

const change = (id: number): FirewallChange => ({
  kind: 'add',
  target: `10.${id >> 16}.${(id >> 8) & 255}.${id & 255}/32`,
  scope: 'all',
  timeoutS: id,
});

const ids = (changes: readonly FirewallChange[]): number[] =>
  changes.map((each) => (each.kind === 'add' ? (each.timeoutS ?? -1) : -1));

const PART = LIMITS.firewallCrowdChanges;

const failure = (code: ErrorCode): AgentError => new AgentError(code, 'no', 'none');

interface Rig {
  readonly queue: FirewallQueue;
  /** What each transaction held. */
  readonly calls: number[][];
  readonly applied: number[];
  readonly tookMs: number[];
  readonly failed: [number[], string][];
}

/** A queue on a firewall that refuses a transaction when `refuse` says why, and else is `done`. */
function makeRig(
  refuse: (batch: readonly number[]) => Error | null,
  addsSideBySide = false,
  done: Promise<void> = Promise.resolve(),
): Rig {
  const calls: number[][] = [];
  const applied: number[] = [];
  const tookMs: number[] = [];
  const failed: [number[], string][] = [];
  let clockMs = 0;
  const firewall: Firewall = {
    ...createObserve(),
    addsSideBySide,
    apply: (changes) => {
      clockMs += 3;
      calls.push(ids(changes));
      const error = refuse(ids(changes));
      return error === null ? done : Promise.reject(error);
    },
  };
  const queue = createFirewallQueue(firewall, {
    onApplied: (changes, ms) => {
      applied.push(...ids(changes));
      tookMs.push(ms);
    },
    onFailed: (changes, error) => failed.push([ids(changes), error.code]),
    nowMs: () => clockMs,
  });
  return { queue, calls, applied, tookMs, failed };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const refusing =
  (...bad: number[]) =>
  (batch: readonly number[]): Error | null =>
    batch.some((id) => bad.includes(id)) ? failure('FIREWALL_FAILED') : null;

describe('the firewall queue', () => {
  it('sends the first change at once and gathers those that come meanwhile', async () => {
    const rig = makeRig(() => null);
    rig.queue.submit([change(1)]);
    expect(rig.calls).toEqual([[1]]);
    for (const id of [2, 3, 4]) rig.queue.submit([change(id)]);
    expect(rig.calls).toEqual([[1]]);
    expect(rig.queue.stats()).toMatchObject({ pending: 3, underWay: 1 });
    await rig.queue.idle();
    expect(rig.calls).toEqual([[1], [2, 3, 4]]);
    expect(rig.applied).toEqual([1, 2, 3, 4]);
    expect(rig.tookMs).toEqual([3, 3]);
    expect(rig.queue.stats()).toEqual({
      pending: 0,
      underWay: 0,
      appliedTotal: 4,
      failedTotal: 0,
      refusedTotal: 0,
      transactionsTotal: 2,
      lastTransactionMs: 3,
    });
  });

  it('is idle from the start, and again after each rush', async () => {
    const rig = makeRig(() => null);
    await rig.queue.idle();
    rig.queue.submit([]);
    await rig.queue.idle();
    expect(rig.calls).toEqual([]);
    rig.queue.submit([change(1)]);
    await rig.queue.idle();
    rig.queue.submit([change(2)]);
    await rig.queue.idle();
    expect(rig.calls).toEqual([[1], [2]]);
  });

  it('finds the bad element by halving and lets the good ones in, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 5 }),
        async (count, bad) => {
          const rig = makeRig(refusing(...bad));
          rig.queue.submit(range(1, count).map(change));
          await rig.queue.idle();
          const isBad = (id: number): boolean => bad.includes(id);
          expect(rig.applied).toEqual(range(1, count).filter((id) => !isBad(id)));
          expect(rig.failed.flatMap(([each]) => each)).toEqual(range(1, count).filter(isBad));
        },
      ),
    );
  });

  it('does not look for a bad element when the error concerns all', async () => {
    for (const code of ['FIREWALL_MISSING', 'FIREWALL_DENIED', 'FIREWALL_GONE'] as const) {
      const rig = makeRig(() => failure(code));
      rig.queue.submit(range(1, 50).map(change));
      await rig.queue.idle();
      expect(rig.calls.length).toBe(1);
      expect(rig.failed).toEqual([[range(1, 50), code]]);
    }
  });

  it('spends a bounded number of calls on a batch that is bad throughout', async () => {
    const rig = makeRig(() => failure('FIREWALL_FAILED'));
    rig.queue.submit(range(1, 5000).map(change));
    await rig.queue.idle();
    expect(rig.calls.length).toBeLessThanOrEqual(LIMITS.firewallSplitCallsMax);
    expect(rig.failed.flatMap(([each]) => each)).toEqual(range(1, 5000));
    expect(rig.queue.stats().failedTotal).toBe(5000);
  });

  it('goes on after a failure', async () => {
    const rig = makeRig(refusing(1));
    rig.queue.submit([change(1)]);
    rig.queue.submit([change(2)]);
    await rig.queue.idle();
    expect(rig.applied).toEqual([2]);
    expect(rig.failed).toEqual([[[1], 'FIREWALL_FAILED']]);
  });

  it('reports a fault of the backend as a failure', async () => {
    const rig = makeRig(() => new TypeError('oops'));
    rig.queue.submit([change(1)]);
    await rig.queue.idle();
    expect(rig.failed).toEqual([[[1], 'INTERNAL']]);
  });

  it('sends a long queue in batches', async () => {
    const count = LIMITS.firewallBatchChangesMax + 5;
    const rig = makeRig(() => null);
    rig.queue.submit(range(1, count).map(change));
    await rig.queue.idle();
    expect(rig.calls.map((call) => call.length)).toEqual([LIMITS.firewallBatchChangesMax, 5]);
    expect(rig.applied).toEqual(range(1, count));
  });

  it('sends a crowd in parts side by side, without hearing of the first', async () => {
    const rig = makeRig(() => null, true);
    for (const id of range(1, 1 + 2 * PART)) rig.queue.submit([change(id)]);
    expect(rig.calls).toEqual([[1], range(2, 1 + PART), range(2 + PART, 1 + 2 * PART)]);
    await rig.queue.idle();
    expect(rig.applied).toEqual(range(1, 1 + 2 * PART));
  });

  it('sends the last few of a crowd at the end of the turn', async () => {
    const rig = makeRig(() => null, true, new Promise(() => undefined));
    for (const id of range(1, 1 + PART + 3)) rig.queue.submit([change(id)]);
    expect(rig.calls).toEqual([[1], range(2, 1 + PART)]);
    await setImmediate();
    expect(rig.calls).toEqual([[1], range(2, 1 + PART), range(2 + PART, 4 + PART)]);
  });

  it('lets a removal wait for all before it, and all after wait for it', async () => {
    const rig = makeRig(() => null, true);
    for (const id of range(1, 1 + PART)) rig.queue.submit([change(id)]);
    rig.queue.submit([{ kind: 'remove', target: '10.0.0.1/32', scope: 'all' }]);
    for (const id of range(100, 100 + 2 * PART)) rig.queue.submit([change(id)]);
    expect(rig.calls).toEqual([[1], range(2, 1 + PART)]);
    await setImmediate();
    await rig.queue.idle();
    const [, , third] = rig.calls;
    // One that takes away is -1 here.
    expect(third?.slice(0, 2)).toEqual([-1, 100]);
    expect(rig.calls.flat()).toEqual([...range(1, 1 + PART), -1, ...range(100, 100 + 2 * PART)]);
  });

  it('lets what concerns a target that is under way wait for it', async () => {
    // A refused part goes in again, after those beside it: the later of two must be there last.
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => (finish = resolve));
    const rig = makeRig(() => null, true, done);
    for (const id of range(1, 1 + PART)) rig.queue.submit([change(id)]);
    rig.queue.submit([{ kind: 'add', target: '10.0.0.2/32', scope: 'all', timeoutS: 7_000 }]);
    for (const id of range(1_001, 1_000 + PART)) rig.queue.submit([change(id)]);
    await setImmediate();
    expect(rig.calls).toEqual([[1], range(2, 1 + PART)]);
    finish();
    await rig.queue.idle();
    expect(rig.calls.flat()).toEqual([...range(1, 1 + PART), 7_000, ...range(1_001, 1_000 + PART)]);
  });

  it('may begin beside one for the same target in another scope', () => {
    const rig = makeRig(() => null, true, new Promise(() => undefined));
    rig.queue.submit([change(1)]);
    for (const id of range(1, PART)) rig.queue.submit([{ ...change(id), scope: 'sip' }]);
    expect(rig.calls).toEqual([[1], range(1, PART)]);
  });

  it('makes one large transaction of what came all at once', async () => {
    const rig = makeRig(() => null, true);
    rig.queue.submit(range(1, 5000).map(change));
    rig.queue.submit(range(5001, 9000).map(change));
    await rig.queue.idle();
    expect(rig.calls.map((call) => call.length)).toEqual([5000, 4000]);
  });

  it('has no more than so many transactions under way', () => {
    const rig = makeRig(() => null, true, new Promise(() => undefined));
    for (const id of range(1, 10_000)) rig.queue.submit([change(id)]);
    expect(rig.calls.length).toBe(LIMITS.firewallBatchesMax);
  });

  it('takes apart the part of a crowd that is refused, and keeps the others', async () => {
    const rig = makeRig(refusing(5, 40), true);
    for (const id of range(1, 100)) rig.queue.submit([change(id)]);
    await setImmediate();
    await rig.queue.idle();
    const good = range(1, 100).filter((id) => id !== 5 && id !== 40);
    expect([...rig.applied].sort((a, b) => a - b)).toEqual(good);
    expect(rig.failed.flatMap(([each]) => each)).toEqual([5, 40]);
  });

  it('refuses what goes beyond its bound, and says and counts it', async () => {
    const rig = makeRig(() => null);
    const max = LIMITS.firewallQueueChangesMax;
    rig.queue.submit([change(0)]);
    rig.queue.submit(range(1, max + 2).map(change));
    expect(rig.failed).toEqual([[[max + 1, max + 2], 'FIREWALL_FAILED']]);
    expect(rig.queue.stats()).toMatchObject({ pending: max, refusedTotal: 2, failedTotal: 2 });
    await rig.queue.idle();
    expect(rig.applied.length).toBe(max + 1);
  });
});
