import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../../src/core/model/event.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import { unpack } from '../../../src/store/write/pack.js';
import { createQueue } from '../../../src/store/write/queue.js';
import type { StoreBatch } from '../../../src/store/types.js';
import {
  batchOf,
  sampleBlock,
  sampleEvent,
  sampleEvents,
  sampleSighting,
  START_US,
} from '../samples.js';

function feedQueue() {
  const batches: StoreBatch[] = [];
  const queue = createQueue(() => undefined);
  queue.feed({
    accept: (batch) => {
      const events = [...unpack(batch.events)].map((e) => ({ ...e, raw: Buffer.from(e.raw) }));
      batches.push({ ...batch, events });
    },
  });
  return { queue, batches };
}

const settled = {
  kind: 'settled',
  events: 0,
  bytes: 0,
  decisions: 0,
  committed: true,
  memory: null,
} as const;

describe('the queue of the store', () => {
  it('gathers small batches into one, in order', () => {
    const { queue, batches } = feedQueue();
    queue.write(batchOf({ events: sampleEvents(1, 1), blocks: [sampleBlock(1)] }));
    queue.write(batchOf({ events: sampleEvents(2, 2), sightings: [sampleSighting()] }));
    queue.send();
    queue.send();
    expect(batches).toEqual([
      batchOf({
        events: sampleEvents(1, 3),
        blocks: [sampleBlock(1)],
        sightings: [sampleSighting()],
      }),
    ]);
  });

  it('packs into the memory of a batch that is settled', () => {
    const buffers: ArrayBuffer[] = [];
    const queue = createQueue(() => undefined);
    queue.feed({
      accept: ({ events }) => {
        buffers.push(events.bytes.buffer);
        const { numbers, bytes, texts } = events;
        queue.note({ ...settled, events: 1, memory: { numbers, bytes, texts } });
      },
    });
    for (const id of [1, 2]) {
      queue.write(batchOf({ events: [sampleEvent(id)] }));
      queue.send();
    }
    expect(buffers).toHaveLength(2);
    expect(buffers[1]).toBe(buffers[0]);
  });

  it('sends a full batch at once', () => {
    const { queue, batches } = feedQueue();
    queue.write(batchOf({ events: sampleEvents(1, LIMITS.storeBatchEventsMax + 1) }));
    expect(batches.map(({ events }) => events.length)).toEqual([LIMITS.storeBatchEventsMax]);
    queue.send();
    expect(batches.map(({ events }) => events.length)).toEqual([LIMITS.storeBatchEventsMax, 1]);
  });

  /** Events of as many sources, of the same second. */
  const fromSources = (firstId: number, count: number, sources: number): EventRecord[] =>
    Array.from({ length: count }, (_, index) =>
      sampleEvent(firstId + index, {
        receivedAtUs: START_US,
        source: { address: `198.51.100.${index % sources}`, port: 5060 },
      }),
    );

  it('keeps fewer samples of a source the fuller it is, and counts all others', () => {
    const { queue, batches } = feedQueue();
    const flood = LIMITS.storeQueuedEventsMax * 2;
    queue.write(batchOf({ events: fromSources(1, flood, 1), blocks: [sampleBlock(1)] }));
    const { queued, dropped, decisionsLost } = queue.stats();
    expect([queued + dropped, decisionsLost]).toEqual([flood, 0]);
    expect(queued).toBe(LIMITS.storeQueuedEventsMax * 0.6 + 100);
    // A source that is quiet has its place all the same.
    queue.write(batchOf({ events: [sampleEvent(flood + 1, { receivedAtUs: START_US })] }));
    expect(queue.stats()).toMatchObject({ queued: queued + 1, dropped });
    queue.send();
    expect(batches.reduce((sum, { events }) => sum + events.length, 0)).toBe(queued + 1);
    expect(batches.flatMap(({ thinned = [] }) => thinned)).toEqual([
      { source: '198.51.100.0', firstAtUs: START_US, lastAtUs: START_US, messages: dropped },
    ]);
  });

  it('never holds more events than its bound, and has room again when they are stored', () => {
    const { queue } = feedQueue();
    const bound = LIMITS.storeQueuedEventsMax;
    const many = Array.from({ length: bound + 10 }, (_, index) =>
      sampleEvent(index + 1, { source: { address: `2001:db8::${index.toString(16)}`, port: 1 } }),
    );
    queue.write(batchOf({ events: many }));
    expect(queue.stats()).toMatchObject({ queued: bound, dropped: 10 });
    queue.note({ ...settled, events: bound, bytes: bound * (many[0]?.raw.length ?? 0) });
    queue.write(batchOf({ events: sampleEvents(1, 2) }));
    expect(queue.stats()).toMatchObject({ queued: 2, dropped: 10, committed: bound });
    queue.send();
  });

  it('drops events whose bytes are over its bound, and has room again when they are stored', () => {
    const { queue } = feedQueue();
    const raw = Buffer.alloc(LIMITS.storeQueuedBytesMax / 2);
    const events = [1, 2, 3].map((id) => sampleEvent(id, { raw }));
    queue.write(batchOf({ events }));
    expect(queue.stats()).toMatchObject({ queued: 2, dropped: 1 });
    queue.note({ ...settled, events: 2, bytes: 2 * raw.length });
    queue.write(batchOf({ events }));
    expect(queue.stats()).toMatchObject({ queued: 2, dropped: 2 });
    queue.send();
  });

  it('counts decisions over their own bound as lost', () => {
    const { queue } = feedQueue();
    const sighting = sampleSighting();
    const sightings = Array.from({ length: LIMITS.storeQueuedDecisionsMax }, () => sighting);
    queue.write(batchOf({ sightings }));
    queue.write(batchOf({ blocks: [sampleBlock(1)] }));
    expect(queue.stats()).toMatchObject({
      decisionsQueued: LIMITS.storeQueuedDecisionsMax,
      decisionsLost: 1,
    });
    queue.send();
  });

  it('takes what ends all at once, however much it is, while little waits', () => {
    const { queue, batches } = feedQueue();
    const endedBlocks = Array.from({ length: LIMITS.storeQueuedDecisionsMax + 38 }, (_, id) => ({
      ...{ id, endedAtUs: 1, how: 'removed' as const },
    }));
    queue.write(batchOf({ sightings: [sampleSighting()] }));
    queue.write(batchOf({ endedBlocks }));
    queue.send();
    expect(queue.stats()).toMatchObject({ decisionsLost: 0 });
    expect(batches[0]?.endedBlocks).toHaveLength(endedBlocks.length);
  });

  it('counts all as lost when the persister is gone, then and later', () => {
    const { queue, batches } = feedQueue();
    queue.write(batchOf({ events: sampleEvents(1, 2), blocks: [sampleBlock(1)] }));
    queue.lose('it broke');
    expect(queue.stats()).toMatchObject({ queued: 0, failed: 2, decisionsLost: 1 });
    queue.write(batchOf({ events: sampleEvents(3, 1) }));
    queue.send();
    expect(queue.stats()).toMatchObject({ queued: 0, failed: 3, lastError: 'it broke' });
    expect(batches).toEqual([]);
  });
});
