import { chown, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { backUpDatabase } from '../../../src/store/database/backup.js';
import { openReader } from '../../../src/store/read/reader.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleEvents,
  type OpenedStore,
} from '../samples.js';

let opened: OpenedStore;
let folder: string;

beforeEach(async () => {
  opened = await openSampleStore();
  folder = join(dirname(opened.databaseFile), 'backups');
  opened.store.write(batchOf({ events: sampleEvents(1, 50) }));
  await opened.store.flush();
});

const backUp = (nowMs: number, keep = 2) =>
  backUpDatabase({ databaseFile: opened.databaseFile, folder, keep, nowMs });

describe('backUpDatabase', () => {
  it('copies what is committed while the agent writes, for its owner alone', async () => {
    const { file, bytes } = await backUp(0);
    expect(file).toBe(join(folder, 'sentrypeer.db.19700101T000000Z'));
    const found = await stat(file);
    expect([found.size, (found.mode & 0o777).toString(8)]).toEqual([bytes, '600']);
    expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700');
    const reader = closeAfterTest(await openReader(file));
    expect(await reader.countEvents()).toBe(50);
  });

  it('keeps the newest copies, and touches nothing else', async () => {
    await backUp(0);
    await writeFile(join(folder, 'sentrypeer.db.notes'), '');
    await backUp(1_000);
    const { removed } = await backUp(2_000);
    expect(removed).toEqual([join(folder, 'sentrypeer.db.19700101T000000Z')]);
    expect((await readdir(folder)).sort()).toEqual([
      'sentrypeer.db.19700101T000001Z',
      'sentrypeer.db.19700101T000002Z',
      'sentrypeer.db.notes',
    ]);
  });

  it('leaves the owner of a folder alone that was there, also behind a link', async () => {
    const elsewhere = join(dirname(opened.databaseFile), 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, folder);
    const { uid } = await stat(elsewhere);
    // As under the service: the folder above belongs to its account, and root types the command.
    if (process.getuid?.() === 0) await chown(dirname(folder), 12_345, 12_345);
    await backUp(0);
    expect((await stat(elsewhere)).uid).toBe(uid);
    expect(await readdir(elsewhere)).toEqual(['sentrypeer.db.19700101T000000Z']);
  });

  it('deletes no folder and no link that has the name of a copy', async () => {
    await mkdir(join(folder, 'sentrypeer.db.19690101T000000Z'), { recursive: true });
    await symlink('/etc/hostname', join(folder, 'sentrypeer.db.19690102T000000Z'));
    expect((await backUp(0, 1)).removed).toEqual([]);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const stop = new AbortController();
    const work = backUpDatabase({
      databaseFile: join(folder, 'absent.db'),
      folder,
      keep: 1,
      nowMs: 0,
      signal: stop.signal,
    });
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    expect(await readdir(folder)).toEqual([]);
  });
});
