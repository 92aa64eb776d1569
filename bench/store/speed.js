// How fast events go into a store, and what that costs the thread that hands them over.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { batchOf, makeEvents } from './events.js';

const CHUNK = 2_000;

/** As fast as the store takes them, the queue never so full that it thins out. */
export async function measureInsert(store, firstId, rows) {
  const begun = performance.now();
  let handedMs = 0;
  let id = firstId;
  while (id < firstId + rows) {
    const events = makeEvents(id, Math.min(CHUNK, firstId + rows - id));
    const handing = performance.now();
    store.write(batchOf(events));
    handedMs += performance.now() - handing;
    id += events.length;
    while (store.stats().queued > 5 * CHUNK) await delay(1);
  }
  await store.flush();
  const seconds = (performance.now() - begun) / 1_000;
  return { perSecond: rows / seconds, handedUs: (handedMs * 1_000) / rows, stats: store.stats() };
}

/** 10,000 events a second for five seconds, and how late this thread's timers come meanwhile. */
export async function measurePaced(store, firstId) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  let id = firstId;
  const begun = performance.now();
  while (performance.now() - begun < 5_000) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * 10_000);
    const count = due - (id - firstId);
    if (count > 0) store.write(batchOf(makeEvents(id, count)));
    id += Math.max(0, count);
    await delay(20);
  }
  histogram.disable();
  await store.flush();
  return { events: id - firstId, p99Ms: histogram.percentile(99) / 1e6, stats: store.stats() };
}
