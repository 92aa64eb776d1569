import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDatabase } from '../../../src/store/database/check.js';
import { openReader, type Reader } from '../../../src/store/read/reader.js';
import { markDamaged } from '../../../src/store/database/salvage.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  pruning,
  sampleBlock,
  sampleEvents,
  type OpenedStore,
} from '../samples.js';

const WAIT = { timeout: 8_000, interval: 20 };

interface Setting extends OpenedStore {
  readonly reader: Reader;
  readonly renewed: () => number;
}

/** A store with ten events, and a reader that was open before anything happened to it. */
async function setUp(): Promise<Setting> {
  let renewed = 0;
  const opened = await openSampleStore({
    onRenewed: () => {
      renewed += 1;
    },
  });
  opened.store.write(batchOf({ events: sampleEvents(1, 10), blocks: [sampleBlock(1)] }));
  await opened.store.flush();
  const reader = closeAfterTest(await openReader(opened.databaseFile));
  return { ...opened, reader, renewed: () => renewed };
}

async function writeMore({ store }: Setting, firstId: number, count: number): Promise<void> {
  store.write(batchOf({ events: sampleEvents(firstId, count) }));
  await expect.poll(() => store.stats().queued, WAIT).toBe(0);
}

const namesBeside = async (file: string): Promise<readonly string[]> =>
  (await readdir(dirname(file))).sort();

describe('a database that is removed while it is open', () => {
  it.each([
    ['with its WAL', ['', '-wal', '-shm']],
    ['without it', ['']],
  ])('is begun anew, %s', async (_, sides) => {
    const setting = await setUp();
    const { databaseFile, notices, store, reader } = setting;
    for (const side of sides) await rm(`${databaseFile}${side}`, { force: true });
    await expect.poll(setting.renewed, WAIT).toBe(1);
    expect(notices).toEqual([`${databaseFile} was removed: a new database is begun`]);
    await writeMore(setting, 11, 5);
    // Who had it open reads the new one.
    await expect.poll(() => reader.countEvents(), WAIT).toBe(5);
    expect((await reader.listEvents({ limit: 1 })).map(({ id }) => id)).toEqual([15]);
    expect(store.stats()).toMatchObject({ failed: 0, lastError: null });
    // What was counted for the old file stays with it.
    await expect.poll(async () => (await reader.totalsSince(0)).messages, WAIT).toBe(5);
    await store.close();
    expect(await checkDatabase(databaseFile)).toEqual([]);
    const again = closeAfterTest(await openReader(databaseFile));
    expect(await again.totalsSince(0)).toMatchObject({ messages: 5, sources: 1 });
    expect(await again.countEvents()).toBe(5);
  });

  it('is begun anew with its folder', async () => {
    const setting = await setUp();
    await rm(dirname(setting.databaseFile), { recursive: true });
    await expect.poll(setting.renewed, WAIT).toBe(1);
    await writeMore(setting, 11, 5);
    await setting.store.close();
    expect(await checkDatabase(setting.databaseFile)).toEqual([]);
  });

  it('goes on with the file that took its place', async () => {
    const setting = await setUp();
    const { databaseFile, notices, store, reader } = setting;
    const other = await openSampleStore();
    other.store.write(batchOf({ events: sampleEvents(1, 3) }));
    await other.store.close();
    await rename(other.databaseFile, databaseFile);
    await expect.poll(setting.renewed, WAIT).toBe(1);
    expect(notices[0]).toMatch(/was replaced: the file that is there now is written$/);
    await writeMore(setting, 11, 5);
    await expect.poll(() => reader.countEvents(), WAIT).toBe(8);
    await store.close();
    expect(await checkDatabase(databaseFile)).toEqual([]);
  });

  it('touches no file of another program, and waits until it is gone', async () => {
    const setting = await setUp();
    const { databaseFile, notices, store } = setting;
    const strange = join(dirname(databaseFile), 'strange');
    await writeFile(strange, 'a letter to my aunt, which is no database at all');
    await rename(strange, databaseFile);
    await expect.poll(() => notices, WAIT).toHaveLength(1);
    expect(notices[0]).toMatch(/is not a database of this program: .*; what comes waits in memory/);
    store.write(batchOf({ events: sampleEvents(11, 5) }));
    await expect.poll(() => store.stats().lastError, WAIT).toContain('not a database of this');
    await rm(databaseFile);
    await expect.poll(() => store.stats(), WAIT).toMatchObject({ queued: 0, lastError: null });
    expect(store.stats()).toMatchObject({ committed: 15, failed: 0 });
  });
});

describe('a database that is damaged while it is open', () => {
  const overwrite = async (file: string, from: number, bytes: number): Promise<void> => {
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(bytes, 0xff), 0, bytes, from);
    await handle.close();
  };

  it.each<[string, (file: string) => Promise<unknown>]>([
    ['overwritten', (file) => overwrite(file, 0, 1_000_000)],
    [
      'overwritten with its WAL',
      async (file) => {
        await overwrite(file, 0, 1_000_000);
        await overwrite(`${file}-wal`, 0, 1_000_000);
      },
    ],
    [
      'overwritten by a copy of another',
      async (file) => {
        const other = await openSampleStore();
        other.store.write(batchOf({ events: sampleEvents(1, 3) }));
        await other.store.close();
        await copyFile(other.databaseFile, file);
      },
    ],
  ])('is set aside once the check has found that it was %s', async (_, damage) => {
    const setting = await setUp();
    const { databaseFile, store } = setting;
    // Moved from the WAL into the file, as happens now and then.
    await store.vacuum(1);
    await damage(databaseFile);
    await writeMore(setting, 11, 10);
    expect(await checkDatabase(databaseFile)).not.toEqual([]);
    await markDamaged(databaseFile);
    await expect.poll(setting.renewed, WAIT).toBe(1);
    await writeMore(setting, 21, 40);
    expect(store.stats()).toMatchObject({ committed: 60, failed: 0, lastError: null });
    await store.close();
    expect(await checkDatabase(databaseFile)).toEqual([]);
    const again = closeAfterTest(await openReader(databaseFile));
    const [newest] = await again.listEvents({ limit: 1 });
    expect(newest?.id).toBe(60);
  });

  it('is set aside once its writer has met the damage, and what comes meanwhile is kept', async () => {
    const setting = await setUp();
    const { databaseFile, store, notices } = setting;
    // More than the cache holds, so that what is read is read from the file.
    for (let id = 11; id < 40_011; id += 2_000) {
      store.write(batchOf({ events: sampleEvents(id, 2_000) }));
      await store.flush();
    }
    await store.vacuum(1);
    await overwrite(databaseFile, 200 * 4_096, 1_000 * 4_096);
    const few = pruning({ rowsMax: { events: 10, sightings: 0, blocks: 0 } });
    // It meets the damage, has the file set aside, and is done in the next one.
    expect((await store.prune(few)).events).toBeGreaterThan(0);
    store.write(batchOf({ events: sampleEvents(40_011, 1_000) }));
    await expect.poll(setting.renewed, { timeout: 30_000 }).toBe(1);
    await expect.poll(() => store.stats().queued, WAIT).toBe(0);
    expect(notices.join('\n')).toMatch(/saved \d+ events and 1 blocks, lost parts of .*events/);
    expect(store.stats()).toMatchObject({ committed: 41_010, failed: 0, lastError: null });
    await store.close();
    expect(await checkDatabase(databaseFile)).toEqual([]);
    const again = closeAfterTest(await openReader(databaseFile));
    expect((await again.listEvents({ limit: 1 })).map(({ id }) => id)).toEqual([41_010]);
  }, 60_000);

  it('is set aside when the check has found it, and what can be read is saved', async () => {
    const setting = await setUp();
    const { databaseFile, notices, reader } = setting;
    await markDamaged(databaseFile);
    await expect.poll(setting.renewed, WAIT).toBe(1);
    expect(notices[0]).toMatch(
      /^the damaged database lies in .*; saved 10 events and 1 blocks, lost nothing$/,
    );
    await writeMore(setting, 11, 5);
    await expect.poll(() => reader.countEvents(), WAIT).toBe(15);
    expect(
      (await namesBeside(databaseFile)).filter((name) => /damaged-\d+T\d+Z$/.test(name)),
    ).toHaveLength(1);
  });
});

it('a folder that may not be looked into for a while changes nothing', async () => {
  const setting = await setUp();
  const folder = dirname(setting.databaseFile);
  await chmod(folder, 0o000);
  try {
    await writeMore(setting, 11, 5);
  } finally {
    await chmod(folder, 0o700);
  }
  expect(setting.renewed()).toBe(0);
  expect(setting.notices).toEqual([]);
});

describe('a database in whose place a folder is for a while', () => {
  it('waits, loses no row of its WAL, and is written again without a restart', async () => {
    const setting = await setUp();
    const { databaseFile, notices, store, reader } = setting;
    await rename(databaseFile, `${databaseFile}.away`);
    await mkdir(databaseFile);
    await expect.poll(() => notices, WAIT).toHaveLength(1);
    expect(notices[0]).toMatch(/it is a folder; what comes waits in memory$/);
    store.write(batchOf({ events: sampleEvents(11, 5) }));
    await expect.poll(() => store.stats().lastError, WAIT).toContain('it is a folder');
    await rmdir(databaseFile);
    await rename(`${databaseFile}.away`, databaseFile);
    await expect.poll(() => store.stats(), WAIT).toMatchObject({ queued: 0, lastError: null });
    expect(store.stats()).toMatchObject({ committed: 15, failed: 0 });
    await expect.poll(() => reader.countEvents(), WAIT).toBe(15);
    await store.close();
    expect(await checkDatabase(databaseFile)).toEqual([]);
    const again = closeAfterTest(await openReader(databaseFile));
    expect(await again.countEvents()).toBe(15);
  });

  it('has all rows of its WAL in the file that was moved away, when another one is begun', async () => {
    const setting = await setUp();
    const { databaseFile } = setting;
    await rename(databaseFile, `${databaseFile}.away`);
    await expect.poll(setting.renewed, WAIT).toBe(1);
    await setting.store.close();
    await setting.reader.close();
    const away = closeAfterTest(await openReader(`${databaseFile}.away`));
    expect((await away.listEvents({ limit: 100 })).map(({ id }) => id)).toHaveLength(10);
  });
});

it('a damaged database behind a link is set aside where it lies, and the link stays', async () => {
  const first = await setUp();
  await first.store.close();
  const folder = dirname(first.databaseFile);
  const link = join(folder, 'link.db');
  await symlink('sentrypeer.db', link);
  await markDamaged(link);
  const { store, notices } = await openSampleStore({ databaseFile: link });
  expect(notices).toEqual([expect.stringContaining('saved 10 events and 1 blocks, lost nothing')]);
  store.write(batchOf({ events: sampleEvents(11, 5) }));
  await store.close();
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  const names = await namesBeside(link);
  expect(names.filter((name) => /^sentrypeer\.db\.damaged-\d+T\d+Z$/.test(name))).toHaveLength(1);
  const reader = closeAfterTest(await openReader(first.databaseFile));
  expect(await reader.countEvents()).toBe(15);
});
