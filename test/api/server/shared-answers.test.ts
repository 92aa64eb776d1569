import { describe, expect, it } from 'vitest';
import { createSharedAnswers } from '../../../src/api/server/shared-answers.js';

function makeRig(entriesMax = 10) {
  let nowMs = 0;
  const shared = createSharedAnswers(entriesMax, () => nowMs);
  const under: { resolve: (text: string) => void; reject: (error: Error) => void }[] = [];
  return {
    made: () => under.length,
    get: (key = 'a', freshMs = 1_000) =>
      shared.get(key, freshMs, () => {
        const { promise, resolve, reject } = withResolvers();
        under.push({ resolve, reject });
        return promise;
      }),
    /** The newest answer is there, so many milliseconds later. */
    answer: async (text: string, tookMs = 10) => {
      nowMs += tookMs;
      under.at(-1)?.resolve(text);
      await settled();
    },
    fail: async () => {
      under.at(-1)?.reject(new Error('no'));
      await settled();
    },
    pass: (ms: number) => (nowMs += ms),
  };
}

function withResolvers() {
  let resolve: (text: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('an answer that is shared', () => {
  it('is made once for all who ask while it is made, and for its time', async () => {
    const { get, answer, made, pass } = makeRig();
    const both = Promise.all([get(), get()]);
    await answer('one');
    pass(999);
    expect([await both, await get(), made()]).toEqual([['one', 'one'], 'one', 1]);
  });

  it('is given once more while the next is made, and not for long', async () => {
    const { get, answer, made, pass } = makeRig();
    const first = get();
    await answer('one');
    pass(1_001);
    expect([await first, await get(), await get(), made()]).toEqual(['one', 'one', 'one', 2]);
    await answer('two');
    expect(await get()).toBe('two');
    pass(2_001);
    const late = get();
    await answer('three');
    expect([await late, made()]).toEqual(['three', 3]);
  });

  it('that took long is good for longer', async () => {
    const { get, answer, made, pass } = makeRig();
    void get();
    await answer('one', 2_000);
    pass(7_000);
    expect([await get(), made()]).toEqual(['one', 1]);
  });

  it('without a time is made anew for the next who asks', async () => {
    const { get, answer, made } = makeRig();
    void get('a', 0);
    await answer('one');
    const next = get('a', 0);
    await answer('two');
    expect([await next, made()]).toEqual(['two', 2]);
  });

  it('that fails is told to those who waited, and tried again', async () => {
    const { get, fail, answer, made } = makeRig();
    const waiting = expect(get()).rejects.toThrow('no');
    await fail();
    await waiting;
    const next = get();
    await answer('one');
    expect([await next, made()]).toEqual(['one', 2]);
  });

  it('is not kept where too many are', () => {
    const { get, made } = makeRig(1);
    void get('a');
    void get('b');
    void get('b');
    expect(made()).toBe(3);
  });
});
