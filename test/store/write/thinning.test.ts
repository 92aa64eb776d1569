import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/common/limits.js';
import { createThinner } from '../../../src/store/write/thinning.js';
import { sampleEvent, START_US } from '../samples.js';

const from = (address: string, atUs = START_US) =>
  sampleEvent(1, { source: { address, port: 5060 }, receivedAtUs: atUs });

it.each([
  [0, 200],
  [0.59, 200],
  [0.6, 100],
  [0.75, 20],
  [0.9, 4],
  [1, 0],
])('at a fill of %d keeps %d of 200 messages of one source in a second', (fill, kept) => {
  const thinner = createThinner();
  const admitted = Array.from({ length: 200 }, () => thinner.admit(from('192.0.2.1'), fill));
  expect(admitted.filter(Boolean)).toHaveLength(kept);
  expect(thinner.isEmpty()).toBe(kept === 200);
});

it('begins anew each second, and gives each source its own share', () => {
  const thinner = createThinner();
  const keptOf = (address: string, atUs: number): number =>
    Array.from({ length: 10 }, () => thinner.admit(from(address, atUs), 0.9)).filter(Boolean)
      .length;
  expect(keptOf('192.0.2.1', START_US)).toBe(4);
  expect(keptOf('192.0.2.2', START_US + 1)).toBe(4);
  expect(keptOf('192.0.2.1', START_US + 1_000_000)).toBe(4);
  expect(thinner.take()).toEqual([
    { source: '192.0.2.1', firstAtUs: START_US, lastAtUs: START_US + 1_000_000, messages: 12 },
    { source: '192.0.2.2', firstAtUs: START_US + 1, lastAtUs: START_US + 1, messages: 6 },
  ]);
  expect(thinner.take()).toEqual([]);
});

it('counts sources beyond its bound together', () => {
  const thinner = createThinner();
  const sources = LIMITS.thinnedSourcesMax + 7;
  for (let index = 0; index < sources; index += 1) {
    thinner.admit(from(`2001:db8::${index.toString(16)}`), 1);
  }
  const taken = thinner.take();
  expect(taken).toHaveLength(LIMITS.thinnedSourcesMax + 1);
  expect(taken.find(({ source }) => source === '')).toMatchObject({ messages: 7 });
});

it('loses no message: kept and counted are what came', () => {
  const message = fc.record({
    source: fc.nat(5),
    second: fc.nat(3),
    fill: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 500 }), (messages) => {
      const thinner = createThinner();
      let kept = 0;
      for (const { source, second, fill } of messages) {
        const event = from(`192.0.2.${source}`, START_US + second * 1_000_000);
        if (thinner.admit(event, fill)) kept += 1;
      }
      const counted = thinner.take().reduce((sum, each) => sum + each.messages, 0);
      expect(kept + counted).toBe(messages.length);
    }),
  );
});
