import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogFollower, type LogFollower } from '../../../src/sensors/logs/follow-log.js';
import type { Position } from '../../../src/sensors/logs/positions.js';

let folder = '';
let path = '';
let told: (string | null)[] = [];
let follower: LogFollower;

const follow = (position: Position | null = null): LogFollower =>
  createLogFollower({
    path,
    position,
    line: (line) => told.push(line),
    pause: () => undefined,
    turn: () => Promise.resolve(),
  });
const look = async (): Promise<readonly (string | null)[]> => {
  told = [];
  await follower.look();
  return told;
};
const write = (...lines: string[]): void => {
  appendFileSync(path, lines.map((line) => `${line}\n`).join(''));
};
const restart = async (): Promise<void> => {
  const position = follower.position();
  await follower.close();
  follower = follow(position);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sentrypeer-log-'));
  path = join(folder, 'security.log');
  write('old');
  follower = follow();
  await follower.look();
});

afterEach(async () => {
  await follower.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a log that is followed', () => {
  it('is read from its end on', async () => {
    expect(told).toEqual([]);
    write('a', 'b');
    expect(await look()).toEqual(['a', 'b']);
    expect(await look()).toEqual([]);
  });

  it('tells a line when it is whole', async () => {
    appendFileSync(path, 'half');
    expect(await look()).toEqual([]);
    appendFileSync(path, ' a line\nnext');
    expect(await look()).toEqual(['half a line']);
    await restart();
    appendFileSync(path, ' one\n');
    expect(await look()).toEqual(['next one']);
  });

  it.each([
    [
      'renamed',
      () => {
        renameSync(path, `${path}.1`);
        appendFileSync(`${path}.1`, 'c\n');
        write('d');
      },
    ],
    [
      'renamed by its date',
      () => {
        renameSync(path, join(folder, 'security.log-20261201'));
        appendFileSync(join(folder, 'security.log-20261201'), 'c\n');
        write('d');
      },
    ],
    [
      'copied and cut',
      () => {
        write('c');
        copyFileSync(path, `${path}.1`);
        truncateSync(path);
        write('d');
      },
    ],
    [
      'copied and cut, and is longer than before',
      () => {
        write('c');
        copyFileSync(path, `${path}.1`);
        truncateSync(path);
        write(`d`);
        write(...Array<string>(50).fill('e'));
      },
    ],
  ])('loses nothing and tells nothing twice where it is %s', async (_, rotate) => {
    write('a', 'b');
    expect(await look()).toEqual(['a', 'b']);
    rotate();
    expect((await look()).filter((line) => line !== 'e')).toEqual(['c', 'd']);
    expect(await look()).toEqual([]);
  });

  it.each([
    [
      'renamed',
      () => {
        renameSync(path, `${path}.1`);
      },
    ],
    [
      'copied and cut',
      () => {
        copyFileSync(path, `${path}.1`);
        truncateSync(path);
      },
    ],
  ])('loses nothing where it is %s while nobody reads', async (_, rotate) => {
    write('a');
    expect(await look()).toEqual(['a']);
    const position = follower.position();
    await follower.close();
    write('b');
    rotate();
    write('c');
    follower = follow(position);
    expect(await look()).toEqual(['b', 'c']);
  });

  it('goes on in the midst of one that was rotated', async () => {
    const position = follower.position();
    await follower.close();
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
    write(...lines);
    renameSync(path, `${path}.1`);
    write('new');
    told = [];
    follower = createLogFollower({
      path,
      position,
      line: (line) => told.push(line),
      pause: () => undefined,
      turn: () => {
        void follower.close();
        return Promise.resolve();
      },
    });
    await follower.look();
    expect(told.length).toBeLessThan(5_000);
    const before = told;
    follower = follow(follower.position());
    expect([...before, ...(await look())]).toEqual([...lines, 'new']);
  });

  it('goes on where it was after a restart', async () => {
    write('a');
    await look();
    await restart();
    write('b');
    expect(await look()).toEqual(['b']);
  });

  it('is read from its first line on where it comes later', async () => {
    await follower.close();
    rmSync(path);
    follower = follow();
    expect(await look()).toEqual([]);
    expect(follower.trouble()).toBe('it is not there');
    write('a');
    expect(await look()).toEqual(['a']);
    expect(follower.trouble()).toBeNull();
  });

  it('is read on while it has no name, and anew when it has one again', async () => {
    rmSync(path);
    expect(await look()).toEqual([]);
    expect(follower.trouble()).toBe('it is gone');
    write('new');
    expect(await look()).toEqual(['new']);
    expect(follower.trouble()).toBeNull();
  });

  it('leaves out the NULs of a file that was cut under its writer', async () => {
    write('a');
    await look();
    writeFileSync(path, Buffer.concat([Buffer.alloc(200_000), Buffer.from('b\nc\n')]));
    expect(await look()).toEqual(['b', 'c']);
  });

  it('leaves out a line that is too long, and reads on behind it', async () => {
    write('x'.repeat(1_000_000), 'a');
    expect(await look()).toEqual([null, 'a']);
    appendFileSync(path, 'x'.repeat(300_000));
    await look();
    await restart();
    write('', 'b');
    expect(await look()).toEqual([null, 'b']);
  });

  it('takes binary for lines that say nothing', async () => {
    appendFileSync(path, Buffer.from([0xff, 0xfe, 0x01, 0x0a, 0x80, 0x0a]));
    expect(await look()).toHaveLength(2);
  });

  it('says that a folder is no file', async () => {
    await follower.close();
    rmSync(path);
    mkdirSync(path);
    follower = follow();
    await look();
    expect(follower.trouble()).toBe('it is no file');
  });
});
