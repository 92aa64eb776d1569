import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { constants, createWriteStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { messageOf } from '../../core/common/errors.js';
import { fileExists, giveToFolderOwner, isFileItself, systemCode } from '../database/files.js';
import { createMutex } from '../../core/common/mutex.js';

/** When a log begins anew, and how many old ones are kept. */
export interface Rotation {
  readonly bytesMax: number;
  /** Compressed old files of one log; 0 keeps none. */
  readonly keep: number;
  readonly maxAgeS: number;
}

/** Sets full logs aside: `<file>.<time>.gz`, mode 640. */
export interface Rotator {
  /**
   * Moves the file away; whoever wrote it opens a new one. Compressing goes on by itself. A name that
   * is no regular file itself stays as it is.
   */
  rotate(file: string): Promise<void>;
  /** Deletes what is too old or too many of one log. Resolves to how many files went. */
  tidy(file: string): Promise<number>;
  /** Resolves when nothing is being compressed any more. */
  idle(): Promise<void>;
}

/** `onProblem` takes a sentence: an old log that cannot be compressed stays as it is. */
export function createRotator(
  rotation: Rotation,
  nowMs: () => number,
  onProblem: (text: string) => void,
): Rotator {
  const mutex = createMutex();
  const tidy = (file: string): Promise<number> => tidyOld(file, rotation, nowMs());
  const compressLater = (file: string, old: string): void => {
    void mutex.run(async () => {
      try {
        // In a flood the next ones come faster than this: what is too many goes uncompressed.
        await tidy(file);
        if (await fileExists(old)) await compress(old);
        await tidy(file);
      } catch (error) {
        onProblem(`the old log ${old} could not be compressed: ${messageOf(error)}`);
      }
    });
  };
  let before = { time: '', number: 0 };
  /** Two in one second get different names, in their order. */
  const nextName = (file: string): string => {
    const time = new Date(nowMs()).toISOString().replace(/[-:]|\.\d+/g, '');
    const name = `${file}.${time}`;
    before = { time: name, number: before.time === name ? before.number + 1 : 0 };
    return before.number === 0 ? name : `${name}-${String(before.number).padStart(4, '0')}`;
  };
  return {
    rotate: async (file) => {
      if (!(await isFileItself(file))) return;
      let old = nextName(file);
      while ((await fileExists(old)) || (await fileExists(`${old}.gz`))) old = nextName(file);
      try {
        await rename(file, old);
      } catch (error) {
        // Another program moved it a moment ago, which is as good.
        if (systemCode(error) === 'ENOENT') return;
        throw error;
      }
      compressLater(file, old);
    },
    tidy,
    idle: () => mutex.run(() => Promise.resolve()),
  };
}

/** Each piece costs turns of the thread that writes the log; Node's own are 64 and 16 KiB. */
const PIECE_BYTES = 262_144;

async function compress(old: string): Promise<void> {
  const partial = `${old}.partial`;
  // Left behind by a run that was killed: a new file is made, and nothing of this name is followed.
  await rm(partial, { force: true });
  try {
    const source = await open(old, constants.O_RDONLY | constants.O_NOFOLLOW);
    // On the disk before the old one is deleted.
    const out = createWriteStream(partial, { mode: 0o640, flags: 'wx', flush: true });
    // The fastest level: text of packets gets little smaller by the others.
    const gzip = createGzip({ level: 1, chunkSize: PIECE_BYTES });
    await pipeline(source.createReadStream({ highWaterMark: PIECE_BYTES }), gzip, out);
    await giveToFolderOwner(partial);
    await rename(partial, `${old}.gz`);
    await rm(old);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function tidyOld(file: string, { keep, maxAgeS }: Rotation, nowMs: number): Promise<number> {
  const prefix = `${basename(file)}.`;
  const folder = dirname(file);
  const names = (await readdir(folder)).filter(
    (name) =>
      name.startsWith(prefix) && /^\d{8}T\d{6}Z(?:-\d+)?(?:\.gz)?$/.test(name.slice(prefix.length)),
  );
  // The time in the name sorts them, and the number behind it.
  const bare = (name: string): string => name.replace(/\.gz$/, '');
  const newestFirst = names.sort((a, b) => (bare(a) < bare(b) ? 1 : -1));
  let gone = 0;
  for (const [index, name] of newestFirst.entries()) {
    const path = join(folder, name);
    const found = await lstat(path);
    const isOld = nowMs - found.mtimeMs > maxAgeS * 1_000;
    // What is a folder or a link was not made by us.
    if (!found.isFile() || (index < keep && !isOld)) continue;
    await rm(path, { force: true });
    gone += 1;
  }
  return gone;
}
