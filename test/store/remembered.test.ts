import { describe, expect, it } from 'vitest';
import { readFacts } from '../../src/store/event-facts.js';
import { createPasswordNamer } from '../../src/store/write/guess.js';
import type { Database } from '../../src/store/database/sqlite.js';
import { tallyEvent } from '../../src/store/statistics/tallied-event.js';
import { createCounterTally } from '../../src/store/statistics/tally-counters.js';
import { heldMib } from '../held-memory.js';
import { sampleEvent, sipText, START_US } from './samples.js';

const MESSAGES = 1_500;
const LONG = 'x'.repeat(60_000);
const HELD_MIB_MAX = 30;

/** So many events, a second apart, each with another long text in its message. */
function eachEvent(extra: (id: number) => string, see: (record: EventOf) => void): void {
  for (let id = 1; id <= MESSAGES; id += 1) {
    const text = sipText('REGISTER', extra(id)).replace(/User-Agent: friendly.*\r\n/, '');
    const raw = Buffer.from(text);
    const receivedAtUs = START_US + id * 1_000_000;
    see(sampleEvent(id, { raw, rawLength: raw.length, receivedAtUs }));
  }
}
type EventOf = ReturnType<typeof sampleEvent>;

const authorization = (user: string): string =>
  `Authorization: Digest username="${user}", realm="asterisk", nonce="1", uri="sip:${LONG}", ` +
  'response="0123456789abcdef0123456789abcdef"\r\n';

describe('what is remembered of packets', () => {
  it.each([
    ['a long value', (id: number) => `User-Agent: ${id}${LONG}\r\n`],
    ['a user name in a long header', (id: number) => authorization(`a-long-user-name-${id}`)],
  ])('as a counted value is little: %s', (_, extra) => {
    // Nothing is asked of the database before counters are written.
    const tally = createCounterTally({} as Database, () => null, 0);
    const held = heldMib(() => {
      eachEvent(extra, (record) => {
        const tallied = [tallyEvent(record, readFacts(record))];
        tally.add({ tallied, blocks: [] }, [null]);
        tally.clear();
      });
    });
    expect(held).toBeLessThan(HELD_MIB_MAX);
    expect(tally.size()).toBe(0);
  });

  it('as a guessed password is little', () => {
    const namer = createPasswordNamer([]);
    let named = 0;
    const held = heldMib(() => {
      eachEvent(
        (id) => authorization(`user-${id}`),
        (record) => {
          if (namer.read(record, readFacts(record)) !== null) named += 1;
        },
      );
    });
    expect(named).toBe(MESSAGES);
    expect(held).toBeLessThan(HELD_MIB_MAX);
  });
});
