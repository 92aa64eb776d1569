import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSseReader } from '../../src/dashboard/data/sse.js';
import {
  followEvents,
  retryDelayMs,
  type Gap,
  type StreamState,
} from '../../src/dashboard/data/stream.js';

const frame = (id: number): string => `id: ${id}\nevent: sip\ndata: {"id":${id}}\n\n`;

describe('a reader of server-sent events', () => {
  it('reads the same however the text is cut', () => {
    const text = `retry: 3000\n\n: nothing new\n\n${frame(7)}event: skipped\ndata: {"after":7,"before":90}\r\n\r\n${frame(90)}`;
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const reader = createSseReader(null);
        const frames = at.slice(1).flatMap((end, index) => reader.push(text.slice(at[index], end)));
        expect(frames).toEqual([
          { event: 'sip', data: '{"id":7}' },
          { event: 'skipped', data: '{"after":7,"before":90}' },
          { event: 'sip', data: '{"id":90}' },
        ]);
        expect([reader.lastId(), reader.retryMs()]).toEqual(['90', 3_000]);
      }),
    );
  });

  it('goes on after the last whole event, not after one that was cut off', () => {
    const reader = createSseReader('3');
    reader.push(`${frame(4)}id: 5\nevent: sip\ndata: {"id":5}\n`);
    expect(reader.lastId()).toBe('4');
  });

  it('joins lines of data, and gives up a line that has no end', () => {
    const reader = createSseReader(null);
    expect(reader.push('data: a\ndata:b\n\n')).toEqual([{ event: 'message', data: 'a\nb' }]);
    expect(() => reader.push('x'.repeat(1_000_001))).toThrow('no end');
  });
});

it('comes back later each time that fails, and not later than half a minute', () => {
  expect([1, 2, 3, 4, 5, 99].map((failures) => retryDelayMs(failures, 3_000))).toEqual([
    ...[3_000, 6_000, 12_000, 24_000, 30_000, 30_000],
  ]);
  expect(retryDelayMs(1, null)).toBe(3_000);
});

/** An agent that gives these answers, one after the other; then the page is closed. */
async function follow(answers: readonly (() => Response)[], firstId: string | null = null) {
  const stop = new AbortController();
  const asked: (string | null)[] = [];
  const events: number[] = [];
  const gaps: Gap[] = [];
  const links: StreamState[] = [];
  const waits: number[] = [];
  const last = await followEvents(
    {
      open: (lastId) => {
        asked.push(lastId);
        const answer = answers[asked.length - 1];
        return answer === undefined
          ? Promise.reject(new Error('closed'))
          : Promise.resolve(answer());
      },
      onEvents: (came) => events.push(...came.map(({ id }) => id)),
      onSkipped: (gap) => gaps.push(gap),
      onLink: (link) => links.push(link),
      wait: (ms) => {
        waits.push(ms);
        if (asked.length >= answers.length) stop.abort();
        return Promise.resolve();
      },
      nowMs: () => 0,
    },
    firstId,
    stop.signal,
  );
  return { asked, events, gaps, kinds: links.map(({ kind }) => kind), waits, last };
}

describe('following the events', () => {
  it('resumes after what it saw when the connection breaks', async () => {
    const seen = await follow([
      () => new Response(`retry: 1000\n\n${frame(1)}${frame(2)}id: 3\ndata: {"id"`),
      () => new Response(`event: skipped\ndata: {"after":2,"before":9}\n\n${frame(9)}`),
    ]);
    expect(seen.asked).toEqual([null, '2']);
    expect(seen.events).toEqual([1, 2, 9]);
    expect(seen.gaps).toEqual([{ after: 2, before: 9 }]);
    expect(seen.waits).toEqual([1_000, 1_000]);
    expect(seen.kinds).toEqual(['connecting', 'live', 'lost', 'connecting', 'live', 'lost']);
    expect(seen.last).toBe('9');
  });

  it('waits longer while the agent cannot be reached, and keeps its place', async () => {
    const gone = (): Response => {
      throw new TypeError('Failed to fetch');
    };
    const busy = (): Response => new Response('', { status: 503 });
    const seen = await follow([gone, busy, gone], '41');
    expect(seen.asked).toEqual(['41', '41', '41']);
    expect(seen.waits).toEqual([3_000, 6_000, 12_000]);
    expect(seen.last).toBe('41');
  });

  it.each([401, 403])('does not come back by itself after %d', async (status) => {
    const seen = await follow([() => new Response('', { status })]);
    expect(seen.kinds).toEqual(['connecting', 'refused']);
    expect(seen.waits).toEqual([]);
  });
});
