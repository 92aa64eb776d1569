import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followFile } from '../../../src/cli/replay/follow-file.js';

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
  file = join(folder, 'growing');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What comes of the file while one thing after another happens to it, each once it was read to its end. */
async function follow(...happenings: readonly (() => void)[]): Promise<string> {
  const abort = new AbortController();
  const steps = [...happenings];
  const rest = (): Promise<void> => {
    const next = steps.shift();
    if (next === undefined) abort.abort();
    else next();
    return Promise.resolve();
  };
  let read = '';
  for await (const each of followFile(file, abort.signal, rest)) {
    read += each.kind === 'bytes' ? each.bytes.toString('latin1') : '|';
  }
  return read;
}

describe('a file that is followed', () => {
  it('is read from its beginning, and on as it grows', async () => {
    writeFileSync(file, 'one ');
    const read = await follow(
      () => {
        appendFileSync(file, 'two ');
      },
      () => undefined,
      () => {
        appendFileSync(file, 'three');
      },
    );
    expect(read).toBe('one two three');
  });

  it('is read anew where another one has its name, also when it was away for a while', async () => {
    writeFileSync(file, 'old');
    const read = await follow(
      () => {
        renameSync(file, `${file}.1`);
      },
      () => undefined,
      () => {
        writeFileSync(file, 'new');
      },
    );
    expect(read).toBe('old|new');
  });

  it('is read anew where it was emptied', async () => {
    writeFileSync(file, 'old and long');
    const read = await follow(() => {
      truncateSync(file);
      appendFileSync(file, 'new');
    });
    expect(read).toBe('old and long|new');
  });

  it('is read in pieces where it is long', async () => {
    const long = 'x'.repeat(200_000);
    writeFileSync(file, long);
    expect(await follow()).toBe(long);
  });

  it.each([
    ['is not there', () => undefined, /it is not there/],
    [
      'is a folder',
      () => {
        file = folder;
      },
      /it is a folder/,
    ],
  ])('is refused when it %s', async (_, prepare, words) => {
    prepare();
    await expect(follow()).rejects.toMatchObject({
      code: 'RECORD_UNREADABLE',
      message: expect.stringMatching(words) as unknown,
    });
  });
});
