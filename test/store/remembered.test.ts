import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { readFacts } from '../../src/store/facts.js';
import { createPasswordNamer } from '../../src/store/guess.js';
import type { Database } from '../../src/store/sqlite.js';
import { tallyEvent } from '../../src/store/tallied-event.js';
import { createCounterTally } from '../../src/store/tally-counters.js';
import { sampleEvent, sipText, START_US } from './samples.js';

const MESSAGES = 1_500;
const LONG = 'x'.repeat(60_000);
const HELD_MIB_MAX = 30;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How much more the heap holds once `see` has seen as many messages, each with another long text. */
function heldMib(extra: (id: number) => string, see: (id: number, raw: Buffer) => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let id = 1; id <= MESSAGES; id += 1) {
    see(id, Buffer.from(sipText('REGISTER', extra(id)).replace(/User-Agent: .*\r\n/, '')));
  }
  collect();
  return (process.memoryUsage().heapUsed - before) / 1_048_576;
}

describe('what is remembered of packets', () => {
  it.each([
    ['a long value', (id: number) => `User-Agent: ${id}${LONG}\r\n`],
    ['a user name in a long address', (id: number) => authorization(`a-long-user-name-${id}`)],
  ])('as a counted value is little: %s', (_, extra) => {
    // Nothing is asked of the database before counters are written.
    const tally = createCounterTally({} as Database, () => null, 0);
    const held = heldMib(extra, (id, raw) => {
      const record = sampleEvent(id, { raw, rawLength: raw.length });
      const tallied = [tallyEvent(record, readFacts(record))];
      tally.add({ tallied, blocks: [] }, [null]);
      tally.clear();
    });
    expect(held).toBeLessThan(HELD_MIB_MAX);
  });

  it('as a guessed password is little', () => {
    const namer = createPasswordNamer([]);
    let named = 0;
    const held = heldMib(
      (id) => authorization(`user-${id}`),
      (id, raw) => {
        const receivedAtUs = START_US + id * 1_000_000;
        const record = sampleEvent(id, { raw, rawLength: raw.length, receivedAtUs });
        if (namer.read(record, readFacts(record)) !== null) named += 1;
      },
    );
    expect(named).toBe(MESSAGES);
    expect(held).toBeLessThan(HELD_MIB_MAX);
  });
});

const authorization = (user: string): string =>
  `Authorization: Digest username="${user}", realm="asterisk", nonce="1", uri="sip:${LONG}", ` +
  'response="0123456789abcdef0123456789abcdef"\r\n';
