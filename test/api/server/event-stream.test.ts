import { describe, expect, it } from 'vitest';
import { createEventStream, type StreamSink } from '../../../src/api/server/event-stream.js';
import { createLane } from '../../../src/api/server/lane.js';
import { openReader, type Reader } from '../../../src/store/read/reader.js';
import { batchOf, closeAfterTest, openSampleStore, sampleEvents } from '../../store/samples.js';
import { waitUntil } from '../../lab/wait-until.js';

async function makeStream(options: { clientsMax?: number; waitingBytesMax?: number } = {}) {
  const { store, databaseFile } = await openSampleStore();
  const reader = closeAfterTest(await openReader(databaseFile));
  const stream = createEventStream({ ask: (query) => query(reader), lookEveryMs: 1, ...options });
  closeAfterTest({
    close: () => {
      stream.close();
      return Promise.resolve();
    },
  });
  const add = async (first: number, count: number): Promise<void> => {
    store.write(batchOf({ events: sampleEvents(first, count) }));
    await store.flush();
  };
  return { stream, add };
}

function makeSink(waitingBytes = 0) {
  const got = { text: '', ended: false };
  const sink: StreamSink = {
    write: (text) => {
      got.text += text;
      return true;
    },
    waitingBytes: () => waitingBytes,
    end: () => {
      got.ended = true;
    },
  };
  const ids = (): number[] => [...got.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  return { sink, got, ids };
}

describe('a stream of events', () => {
  it('begins with what comes after it, each event once', async () => {
    const { stream, add } = await makeStream();
    await add(1, 3);
    const early = makeSink();
    stream.follow(early.sink, 0);
    await waitUntil('what was there is sent', () => early.ids().length === 3);
    const late = makeSink();
    stream.follow(late.sink, null);
    await add(4, 2);
    await waitUntil('both have the new ones', () => late.ids().length === 2);
    await waitUntil('both have the new ones', () => early.ids().length === 5);
    expect(late.ids()).toEqual([4, 5]);
    expect(early.ids()).toEqual([1, 2, 3, 4, 5]);
    expect(late.got.text).toMatch(/^retry: 3000\n\nid: 4\nevent: sip\ndata: \{"id":4,.*\}\n\n/);
  });

  it('goes on after the id that the client names', async () => {
    const { stream, add } = await makeStream();
    await add(1, 1_200);
    const { sink, ids } = makeSink();
    stream.follow(sink, 7);
    await waitUntil('all after it are sent', () => ids().length === 1_193);
    expect(ids()[0]).toBe(8);
    expect(new Set(ids()).size).toBe(1_193);
  });

  it('leaves out what a client is too far behind, and says which', async () => {
    const { stream, add } = await makeStream();
    await add(1, 6_000);
    const { sink, got, ids } = makeSink();
    stream.follow(sink, 0);
    await waitUntil('the last one is sent', () => ids().at(-1) === 6_000);
    expect(got.text).toContain('event: skipped\ndata: {"after":0,"before":5501}');
    expect(ids()[0]).toBe(5_501);
  });

  it('of a client that does not read is ended, and of no other', async () => {
    const { stream, add } = await makeStream({ waitingBytesMax: 10 });
    const slow = makeSink(11);
    const quick = makeSink();
    stream.follow(slow.sink, 0);
    stream.follow(quick.sink, 0);
    await add(1, 1);
    await waitUntil('the slow one is ended', () => slow.got.ended);
    expect(quick.got.ended).toBe(false);
    expect(stream.stats()).toEqual({ clients: 1, tooSlow: 1 });
  });

  it('is refused beyond the bound, and has room again when one goes', async () => {
    const { stream } = await makeStream({ clientsMax: 1 });
    const first = stream.follow(makeSink().sink, null);
    expect(stream.follow(makeSink().sink, null)).toBeNull();
    first?.stop();
    expect(stream.follow(makeSink().sink, null)).not.toBeNull();
  });
});

describe('questions to the database', () => {
  it('that take too long are ended, and say what to do', async () => {
    let interrupt = (): void => undefined;
    const reader = {
      interrupt: () => {
        interrupt();
      },
      close: () => Promise.resolve(),
    };
    const lane = createLane({
      // What this question asks of it.
      open: () => Promise.resolve(reader as unknown as Reader),
      waitingMax: 1,
      msMax: 5,
    });
    const endless = lane.ask(
      () =>
        new Promise((_, reject) => {
          interrupt = () => {
            reject(Object.assign(new Error('interrupted'), { code: 'SQLITE_INTERRUPT' }));
          };
        }),
    );
    await expect(endless).rejects.toMatchObject({ code: 'API_BUSY' });
    await lane.close();
  });

  it('wait for each other, and are refused when too many wait', async () => {
    const { databaseFile } = await openSampleStore();
    let opened = 0;
    const lane = createLane({
      open: () => {
        opened += 1;
        return openReader(databaseFile);
      },
      waitingMax: 2,
      msMax: 50,
    });
    closeAfterTest(lane);
    let running = 0;
    const ask = () =>
      lane.ask(async (reader) => {
        running += 1;
        expect(running).toBe(1);
        await reader.countEvents();
        running -= 1;
        return 'answered';
      });
    const [first, second, third] = await Promise.allSettled([ask(), ask(), ask()]);
    expect([first.status, second.status, third.status]).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(third).toMatchObject({ reason: { code: 'API_BUSY' } });
    expect(await ask()).toBe('answered');
    expect(opened).toBe(1);
  });
});
