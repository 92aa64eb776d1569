import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const FUZZ = join(import.meta.dirname, '../../scripts/fuzz.js');

/** What a second of it finds is not the point: that it still fits the program is. */
it('fuzzes the built program, and repeats a run by its seed', async () => {
  const run = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [FUZZ, '--untimed', ...words]);
    return stdout;
  };
  const first = await run('--count', '300', '--seed', '7');
  expect(first).toMatch(/^fuzzing from \d{3,} seeds, --seed 7\n/);
  expect(first).toMatch(/\n300 messages in .*, 0 findings\nclean\n$/);
  const bytesEach = /(\d+) bytes each/;
  const again = await run('--count', '300', '--seed', '7');
  expect(bytesEach.exec(again)?.[1]).toBe(bytesEach.exec(first)?.[1]);
  expect(await run('1')).toMatch(/\nclean\n$/);
}, 60_000);
