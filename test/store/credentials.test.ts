import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../src/core/model/call.js';
import { LIMITS } from '../../src/core/common/limits.js';
import { readFacts } from '../../src/store/event-facts.js';
import { createPasswordNamer } from '../../src/store/write/guess.js';
import { readPasswordLists } from '../../src/store/write/password-list.js';
import { openReader } from '../../src/store/read/reader.js';
import {
  allBefore,
  batchOf,
  closeAfterTest,
  makeFolder,
  openSampleStore,
  sampleEvent,
  sipText,
  START_US,
} from './samples.js';

const SHIPPED = join(import.meta.dirname, '../../rules/passwords.txt');
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** A REGISTER with the credentials of a password, as a phone computes them (RFC 2617, 3.2.2). */
function guess(id: number, user: string, password: string, atUs = START_US + id) {
  const response = md5(`${md5(`${user}:pbx:${password}`)}:n:${md5('REGISTER:sip:pbx')}`);
  const header =
    `Authorization: Digest username="${user}", realm="pbx", nonce="n", uri="sip:pbx", ` +
    `response="${response}"\r\n`;
  return sampleEvent(id, { raw: Buffer.from(sipText('REGISTER', header)), receivedAtUs: atUs });
}

describe('a guessed password', () => {
  const words = ['1234', 'qwerty', 'p\xe4ss'];
  it.each([
    ['of the list', '100', 'qwerty', 'qwerty'],
    ['that is the user', '4711', '4711', '4711'],
    ['that is the user twice', '47', '4747', '4747'],
    ['that is the user backwards', 'abc1', '1cba', '1cba'],
    ['that is the user with digits', '100', '100123', '100123'],
    ['that is none of these', '100', 'kR5#x', null],
  ] as const)('%s', (_, user, password, expected) => {
    const record = guess(1, user, password);
    expect(createPasswordNamer(words).read(record, readFacts(record))?.password).toBe(expected);
  });

  it('is looked up once for each response, and no more than the bound of a second', () => {
    const many = Array.from({ length: LIMITS.passwordWordsMax }, (_, index) => `w${index}`);
    const namer = createPasswordNamer(many);
    const nameAt = (index: number, atUs: number): string | null | undefined => {
      const record = guess(index, String(1000 + index), 'w7', atUs);
      return namer.read(record, readFacts(record))?.password;
    };
    const inSecond = Math.ceil(LIMITS.guessHashesPerSecondMax / (many.length * 2));
    for (let index = 0; index < inSecond; index += 1) expect(nameAt(index, START_US)).toBe('w7');
    expect(nameAt(inSecond, START_US)).toBeNull();
    expect(nameAt(3, START_US)).toBe('w7');
    expect(nameAt(inSecond, START_US + 1_000_000)).toBe('w7');
  });

  it('is none where no credentials are', () => {
    const record = sampleEvent(1);
    expect(createPasswordNamer(words).read(record, readFacts(record))).toBeNull();
  });
});

describe('a list of passwords', () => {
  it('is shipped with a few hundred words, each once', async () => {
    const { words, notices } = await readPasswordLists([SHIPPED]);
    expect(words.length).toBeGreaterThan(300);
    expect(words.length).toBeLessThan(1_000);
    expect(words).toEqual(expect.arrayContaining(['1234', 'password', 'asterisk', 'changeme']));
    expect(notices).toEqual([]);
    for (const word of words) expect(word).toMatch(/^[!-~]{1,32}$/);
  });

  it('may be absent; one that is no file is told and left out', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'a'), '# a remark\n\nx\r\n#1\ny\nx\n');
    const files = [join(folder, 'none'), folder, join(folder, 'a')];
    const { words, notices } = await readPasswordLists(files);
    expect(words).toEqual(['x', '#1', 'y']);
    expect(notices).toEqual([expect.stringContaining(folder)]);
  });

  it('of too many words is cut, and that is told', async () => {
    const file = join(await makeFolder(), 'long');
    const lines = Array.from({ length: LIMITS.passwordWordsMax + 3 }, (_, index) => `w${index}`);
    await writeFile(file, lines.join('\n'));
    const { words, notices } = await readPasswordLists([file]);
    expect(words).toHaveLength(LIMITS.passwordWordsMax);
    expect(notices).toEqual([expect.stringContaining('3 passwords')]);
  });
});

const call = (change: Partial<CallRecord> = {}): CallRecord => ({
  id: 1,
  source: '203.0.113.7',
  user: '100',
  called: '0044\x1b[2J',
  callId: 'c',
  beganAtUs: START_US,
  confirmedAtUs: null,
  endedAtUs: null,
  endHow: null,
  ...change,
});

describe('the store', () => {
  it('keeps what was tried once for each password', async () => {
    const { store, databaseFile } = await openSampleStore({ passwordFiles: [SHIPPED] });
    const events = [
      guess(1, '100', '1234'),
      guess(2, '100', '1234'),
      guess(3, '100', 'kR5#x'),
      guess(4, '101', 'asterisk'),
    ];
    store.write(batchOf({ events: events.slice(0, 3) }));
    await store.flush();
    store.write(batchOf({ events: events.slice(3) }));
    store.write(batchOf({ events: [guess(5, '100', '1234'), guess(6, '102', '102')] }));
    await store.flush();
    const reader = closeAfterTest(await openReader(databaseFile));
    const story = await reader.showSource('203.0.113.7');
    expect(story?.guesses).toEqual({ distinct: 4, tries: 6, accounts: 3, equalToUser: 1 });
    expect(story?.passwordsTried).toEqual([
      { value: '100: 1234', count: 3 },
      { value: '101: asterisk', count: 1 },
      { value: '102: 102', count: 1 },
    ]);
  });

  it('keeps a call with its end, escaped, as one row', async () => {
    const { store, databaseFile } = await openSampleStore();
    store.write(batchOf({ events: [sampleEvent(1)], calls: [call()] }));
    await store.flush();
    const ended = call({ confirmedAtUs: START_US + 1, endedAtUs: START_US + 9, endHow: 'bye' });
    store.write(batchOf({ calls: [ended] }));
    await store.flush();
    const reader = closeAfterTest(await openReader(databaseFile));
    expect((await reader.showSource('203.0.113.7'))?.calls).toEqual([
      {
        user: '100',
        called: '0044\\x1b[2J',
        beganAtUs: START_US,
        endedAtUs: START_US + 9,
        endHow: 'bye',
      },
    ]);
  });

  it('prunes both with the events that they stood in', async () => {
    const { store, databaseFile } = await openSampleStore();
    store.write(batchOf({ events: [guess(1, '100', 'a'), guess(2, '100', 'b')], calls: [call()] }));
    await store.flush();
    await store.prune(allBefore(START_US + 2));
    const reader = closeAfterTest(await openReader(databaseFile));
    const story = await reader.showSource('203.0.113.7');
    expect(story?.guesses.distinct).toBe(1);
    expect(story?.calls).toEqual([]);
  });
});
