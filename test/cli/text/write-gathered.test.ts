import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { writeGathered } from '../../../src/cli/text/write-gathered.js';

it('writes what belongs together at once, in order, and later words too', async () => {
  const calls: string[][] = [];
  const stream = new Writable({
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  writeGathered(stream, 'a\n');
  writeGathered(stream, 'b\n');
  expect(calls).toEqual([]);
  await nextTurn();
  expect(calls).toEqual([['a\n', 'b\n']]);
  writeGathered(stream, 'c\n');
  await nextTurn();
  expect(calls).toEqual([['a\n', 'b\n'], ['c\n']]);
});
