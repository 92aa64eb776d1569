import { describe, expect, it } from 'vitest';
import { createChunkMaker } from '../../../src/store/logs/line-chunks.js';

const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');

describe('chunks of lines', () => {
  it('hold the lines in order, also one that is longer than a piece', () => {
    const lines = createChunkMaker(16).begin('utf8');
    const said = ['one', 'zwölf …', 'x'.repeat(40), '', 'last'];
    for (const line of said) lines.add(line);
    expect(text(lines.chunks())).toBe(said.map((line) => `${line}\n`).join(''));
    expect(lines.chunks().length).toBeGreaterThan(2);
  });

  it('use their memory again once it is given back', () => {
    const maker = createChunkMaker(64);
    const first = maker.begin('latin1');
    first.add('first');
    const [before] = first.chunks();
    first.free();
    const second = maker.begin('latin1');
    const third = maker.begin('latin1');
    second.add('second');
    third.add('third');
    expect(second.chunks()[0]?.buffer).toBe(before?.buffer);
    expect(third.chunks()[0]?.buffer).not.toBe(before?.buffer);
    expect([text(second.chunks()), text(third.chunks())]).toEqual(['second\n', 'third\n']);
  });
});
