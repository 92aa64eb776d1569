import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { lockHolder, takeLock } from '../../../src/store/database/lock.js';
import { makeFolder } from '../samples.js';

let databaseFile: string;

beforeEach(async () => {
  databaseFile = join(await makeFolder(), 'sentrypeer.db');
});

describe('the lock', () => {
  it('is held by one, who is named to the next', async () => {
    expect(await lockHolder(databaseFile)).toBeNull();
    const lock = await takeLock(databaseFile);
    expect(await lockHolder(databaseFile)).toBe(process.pid);
    await expect(takeLock(databaseFile)).rejects.toMatchObject({
      code: 'AGENT_RUNNING',
      message: expect.stringContaining(`process ${process.pid}, running since 2`) as string,
    });
    expect(await lockHolder(databaseFile)).toBe(process.pid);
    await lock.release();
  });

  it('is free when it was given back', async () => {
    const lock = await takeLock(databaseFile);
    await lock.release();
    expect(await lockHolder(databaseFile)).toBeNull();
    const again = await takeLock(databaseFile);
    await again.release();
  });

  it('goes to exactly one of several who ask at once', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => takeLock(databaseFile)),
    );
    const locks = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value] : [],
    );
    expect(locks).toHaveLength(1);
    for (const lock of locks) await lock.release();
  });

  it('is taken anew where its file was removed, and is still of one', async () => {
    const lock = await takeLock(databaseFile);
    await rm(`${databaseFile}.lock`);
    expect(await lockHolder(databaseFile)).toBeNull();
    await lock.renew();
    await lock.renew();
    expect(await lockHolder(databaseFile)).toBe(process.pid);
    await expect(takeLock(databaseFile)).rejects.toMatchObject({ code: 'AGENT_RUNNING' });
    await lock.release();
    expect(await lockHolder(databaseFile)).toBeNull();
    await lock.renew();
    expect(await lockHolder(databaseFile)).toBeNull();
  });

  it('is a file for its owner alone', async () => {
    const lock = await takeLock(databaseFile);
    expect(((await stat(`${databaseFile}.lock`)).mode & 0o777).toString(8)).toBe('600');
    await lock.release();
  });
});
