import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NOTED } from '../../../src/core/model/anomaly.js';
import { ATTACK_TYPES } from '../../../src/core/model/attack-type.js';
import type { EventRecord } from '../../../src/core/model/event.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import { createPacker, unpack } from '../../../src/store/write/pack.js';
import { sampleEvent } from '../samples.js';

const anyEvent: fc.Arbitrary<EventRecord> = fc
  .record({
    receivedAtUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
    transport: fc.constantFrom('udp', 'tcp', 'tls', 'ws', 'wss'),
    proof: fc.constantFrom('none', 'nonce', 'dialog', 'tcp', 'tls'),
    source: fc.record({ address: fc.ipV6(), port: fc.nat(65_535) }),
    attackType: fc.option(fc.constantFrom(...ATTACK_TYPES)),
    score: fc.double({ noNaN: true, min: 0, max: 1e6 }),
    answeredStatus: fc.option(fc.integer({ min: 100, max: 699 })),
    raw: fc.uint8Array({ maxLength: 50 }),
    rawLength: fc.nat(100_000),
    ordinary: fc.boolean(),
    noted: fc.subarray([...NOTED]),
    tls: fc.option(
      fc.record({
        version: fc.constant('TLSv1.3'),
        cipher: fc.constant('TLS_AES_256_GCM_SHA384'),
        sni: fc.option(fc.oneof(fc.domain(), fc.constantFrom('été.example', '電話', '\u{1f4de}'))),
      }),
    ),
  })
  .map((change) => sampleEvent(7, change));

const bare = (list: readonly EventRecord[]) =>
  list.map((event) => ({ ...event, raw: [...event.raw] }));

it('events are the same after they were packed and unpacked', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
      const packer = createPacker();
      packer.add(sampleEvent(1));
      packer.take();
      for (const event of events) packer.add(event);
      expect(packer.count()).toBe(events.length);
      const back = [...unpack(packer.take())];
      expect(bare(back)).toEqual(bare(events));
    }),
  );
});

it('packs into memory that it is given back, and says nothing of what lay there', () => {
  const packer = createPacker();
  const long = { raw: new Uint8Array(40_000).fill(65), rawLength: 40_000 };
  for (let id = 1; id <= 3; id += 1) packer.add(sampleEvent(id, long));
  const first = packer.take();
  packer.reuse(first);
  const events = [sampleEvent(4), sampleEvent(5)];
  for (const event of events) packer.add(event);
  const second = packer.take();
  expect(second.bytes.buffer).toBe(first.bytes.buffer);
  expect(second.numbers.buffer).toBe(first.numbers.buffer);
  expect(second.texts.buffer).toBe(first.texts.buffer);
  expect(bare([...unpack(second)])).toEqual(bare(events));
});

it('keeps no memory of a great size, and of a batch of the largest common messages all', () => {
  const packer = createPacker();
  const again = (change: Partial<EventRecord>, count: number) => {
    for (let id = 1; id <= count; id += 1) packer.add(sampleEvent(id, change));
    return packer.take();
  };
  const huge = again({ raw: new Uint8Array(5_000_000), rawLength: 5_000_000 }, 1);
  packer.reuse(huge);
  expect(again({}, 1).bytes.buffer).not.toBe(huge.bytes.buffer);
  const batch = again({ raw: new Uint8Array(1_000), rawLength: 1_000 }, LIMITS.storeBatchEventsMax);
  packer.reuse(batch);
  expect(again({}, 1).bytes.buffer).toBe(batch.bytes.buffer);
});

it('keeps no more of that memory than it needs', () => {
  const packer = createPacker();
  const memories = Array.from({ length: 5 }, () => {
    const memory = {
      numbers: new Float64Array(16),
      bytes: new Uint8Array(1_000),
      texts: new Uint8Array(100),
    };
    packer.reuse(memory);
    return memory.bytes.buffer;
  });
  const used = Array.from({ length: 5 }, () => {
    packer.add(sampleEvent(1, { raw: new Uint8Array(10), rawLength: 10 }));
    return packer.take().bytes.buffer;
  });
  expect(used.filter((buffer) => memories.includes(buffer))).toHaveLength(3);
});
