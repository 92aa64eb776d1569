import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FirewallChange } from '../../src/core/model/block.js';
import { AgentError, type ErrorCode } from '../../src/core/model/errors.js';
import { LIMITS } from '../../src/core/model/limits.js';
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

const failure = (code: ErrorCode): AgentError => new AgentError(code, 'no', 'none');

interface Rig {
  readonly queue: FirewallQueue;
  /** What each transaction held. */
  readonly calls: number[][];
  readonly applied: number[];
  readonly tookMs: number[];
  readonly failed: [number[], string][];
}

/** A queue on a firewall that refuses a transaction when `refuse` says why. */
function makeRig(refuse: (batch: readonly number[]) => Error | null): Rig {
  const calls: number[][] = [];
  const applied: number[] = [];
  const tookMs: number[] = [];
  const failed: [number[], string][] = [];
  let clockMs = 0;
  const firewall: Firewall = {
    ...createObserve(),
    apply: (changes) => {
      clockMs += 3;
      calls.push(ids(changes));
      const error = refuse(ids(changes));
      return error === null ? Promise.resolve() : Promise.reject(error);
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
