import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { openLineLog } from '../../../src/store/logs/line-log.js';
import { createRotator, type Rotation } from '../../../src/store/logs/rotate.js';
import { batchOf, makeFolder, openSampleStore, sampleEvents } from '../samples.js';

let folder: string;
let file: string;
let problems: string[];

beforeEach(async () => {
  folder = await makeFolder();
  file = join(folder, 'log.json');
  problems = [];
});

const rotatorOf = (change: Partial<Rotation> = {}, nowMs: () => number = () => 0) =>
  createRotator({ bytesMax: 100, keep: 2, maxAgeS: 1e12, ...change }, nowMs, (text) =>
    problems.push(text),
  );
const olds = async () => (await readdir(folder)).filter((name) => name !== 'log.json').sort();

describe('rotation', () => {
  it('sets a full log aside, compressed, and loses no line', async () => {
    const rotator = rotatorOf();
    const log = await openLineLog(file, { bytesMax: 100, rotator });
    const lines = Array.from({ length: 12 }, (_, at) => `line ${String(at).padStart(30, '0')}`);
    for (const line of lines) expect(await log.append([Buffer.from(`${line}\n`)])).toBeNull();
    await log.close();
    await rotator.idle();
    const names = await olds();
    expect(names).toEqual([
      'log.json.19700101T000000Z-0001.gz',
      'log.json.19700101T000000Z-0002.gz',
    ]);
    const kept = await Promise.all(names.map((name) => readFile(join(folder, name))));
    const text = [...kept.map((bytes) => gunzipSync(bytes)), await readFile(file)].join('');
    // Two old ones are kept of three: the first three lines went.
    expect(text).toBe(`${lines.slice(3).join('\n')}\n`);
    expect(problems).toEqual([]);
  });

  it('goes on once a folder takes a new name again, and keeps to the size until then', async () => {
    let refused = true;
    const rotator = rotatorOf();
    const rotate = (path: string): Promise<void> =>
      refused ? Promise.reject(new Error('EACCES: the folder')) : rotator.rotate(path);
    const log = await openLineLog(file, { bytesMax: 100, rotator: { rotate } });
    const line = (digit: number): Buffer => Buffer.from(`${String(digit).repeat(99)}\n`);
    expect(await log.append([line(1)])).toBeNull();
    for (const digit of [2, 3]) expect(await log.append([line(digit)])).toBe('EACCES: the folder');
    expect(await readFile(file)).toEqual(line(1));
    refused = false;
    expect(await log.append([line(4)])).toBeNull();
    expect(await readFile(file)).toEqual(line(4));
    await log.close();
    await rotator.idle();
    expect(await olds()).toHaveLength(1);
  });

  it('deletes what is too old, and nothing of another name', async () => {
    const rotator = rotatorOf({ maxAgeS: 60, keep: 9 }, () => 1_000_000_000);
    const names = ['log.json.19700101T000000Z.gz', 'log.json.19700102T000000Z', 'log.json.bak'];
    for (const name of names) await writeFile(join(folder, name), '');
    for (const name of names) await utimes(join(folder, name), 0, 0);
    await utimes(join(folder, 'log.json.19700102T000000Z'), 999_990, 999_990);
    expect(await rotator.tidy(file)).toBe(1);
    expect(await olds()).toEqual(['log.json.19700102T000000Z', 'log.json.bak']);
  });
});

describe('what is no log of ours to set aside', () => {
  const line = Buffer.from(`${'x'.repeat(99)}\n`);
  const fillAndArchive = async (name: string) => {
    const rotator = rotatorOf();
    const log = await openLineLog(name, { bytesMax: 100, rotator });
    for (let round = 0; round < 3; round += 1) expect(await log.append([line])).toBeNull();
    const outcome = [await log.mayRotate(), await log.rotate()];
    await log.close();
    await rotator.idle();
    return outcome;
  };

  it('a link: neither it nor its target is renamed, and all lines are in the target', async () => {
    await mkdir(join(folder, 'big'));
    const target = join(folder, 'big', 'real.json');
    await writeFile(target, '', { mode: 0o600 });
    await symlink('big/real.json', file);
    expect(await fillAndArchive(file)).toEqual([false, false]);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readdir(join(folder, 'big'))).toEqual(['real.json']);
    expect((await stat(target)).size).toBe(300);
    expect((await stat(target)).mode & 0o777).toBe(0o600);
    expect(await olds()).toEqual(['big']);
  });

  it('an open file behind /proc, as /dev/stdout has: the file stays where it is', async () => {
    const handle = await open(join(folder, 'out.txt'), 'a', 0o604);
    await chmod(join(folder, 'out.txt'), 0o604);
    const link = join(folder, 'stdout');
    await symlink(`/proc/self/fd/${handle.fd}`, link);
    expect(await fillAndArchive(link)).toEqual([false, false]);
    expect(await fillAndArchive(`/proc/self/fd/${handle.fd}`)).toEqual([false, false]);
    await handle.close();
    expect(await olds()).toEqual(['out.txt', 'stdout']);
    expect((await stat(join(folder, 'out.txt'))).size).toBe(600);
    expect((await stat(join(folder, 'out.txt'))).mode & 0o777).toBe(0o604);
  });

  it('a FIFO', async () => {
    execFileSync('mkfifo', [file]);
    // Someone reads it, else to open it for writing would wait.
    const reader = await open(file, 'r+');
    expect(await fillAndArchive(file)).toEqual([false, false]);
    expect((await lstat(file)).isFIFO()).toBe(true);
    expect(await olds()).toEqual([]);
    await reader.close();
  });

  it('a link that took the place of the log after it was opened', async () => {
    const rotator = rotatorOf();
    const log = await openLineLog(file, { bytesMax: 1e9, rotator });
    expect(await log.append([line])).toBeNull();
    await rename(file, join(folder, 'moved'));
    await symlink('moved', file);
    expect(await log.rotate()).toBe(false);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    await log.close();
  });

  it('folders and links with the name of an old log', async () => {
    const rotator = rotatorOf({ keep: 0 });
    await mkdir(join(folder, 'log.json.19700101T000000Z'));
    await symlink('/etc/hostname', join(folder, 'log.json.19700102T000000Z.gz'));
    await writeFile(join(folder, 'log.json.19700103T000000Z.gz'), '');
    expect(await rotator.tidy(file)).toBe(1);
    expect(await olds()).toEqual(['log.json.19700101T000000Z', 'log.json.19700102T000000Z.gz']);
  });

  it('a link that waits under the name of a half-compressed log: its target is not written', async () => {
    const rotator = rotatorOf();
    await writeFile(join(folder, 'victim'), 'kept');
    await symlink('victim', join(folder, 'log.json.19700101T000000Z.partial'));
    await writeFile(file, 'a line\n');
    await rotator.rotate(file);
    await rotator.idle();
    expect(problems).toEqual([]);
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('kept');
    expect(await olds()).toEqual(['log.json.19700101T000000Z.gz', 'victim']);
  });
});

describe('archiveLogs', () => {
  it('says of a log behind a link that it is never set aside', async () => {
    await symlink('real.json', file);
    await writeFile(join(folder, 'real.json'), '');
    const notices: string[] = [];
    const { store } = await openSampleStore({
      jsonLogFile: file,
      onNotice: (text) => notices.push(text),
    });
    store.write(batchOf({ events: sampleEvents(1, 3) }));
    await store.flush();
    expect(await store.archiveLogs()).toEqual({ rotated: 0, deleted: 0 });
    expect(notices.filter((text) => text.startsWith(`${file} is a link to `))).toHaveLength(1);
  });

  it('begins the logs anew, and sets no empty one aside', async () => {
    const rotation = { bytesMax: 1e9, keep: 5, maxAgeS: 1e9 };
    const { store, jsonLogFile } = await openSampleStore({ rotation });
    store.write(batchOf({ events: sampleEvents(1, 3) }));
    await store.flush();
    expect(await store.archiveLogs()).toEqual({ rotated: 1, deleted: 0 });
    expect(await store.archiveLogs()).toEqual({ rotated: 0, deleted: 0 });
    expect(await readFile(jsonLogFile, 'utf8')).toBe('');
    store.write(batchOf({ events: sampleEvents(4, 1) }));
    await store.flush();
    expect((await readFile(jsonLogFile, 'utf8')).split('\n')).toHaveLength(2);
  });
});
