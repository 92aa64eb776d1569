import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8');

interface LockEntry {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly license?: string;
  readonly integrity?: string;
}

/** What an installation without development packages holds. */
async function installed(): Promise<[string, LockEntry][]> {
  const lock = JSON.parse(await read('package-lock.json')) as {
    readonly packages: Record<string, LockEntry>;
  };
  return Object.entries(lock.packages).filter(
    ([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true,
  );
}

it('names the licence of every package that is installed', async () => {
  const text = await read('docs/DEPENDENCIES.md');
  const told = (licence: string): boolean =>
    new RegExp(`(^|[ (,])${licence}([ ,;.)]|$)`, 'm').test(text);
  const untold = (await installed()).flatMap(([path, { license = 'none' }]) => {
    const words = license.replace(/[()]/g, '').split(/ (?:OR|AND) /);
    return words.every(told) ? [] : [`${path}: ${license}`];
  });
  expect(untold).toEqual([]);
});

it('knows the digest of every package that is installed', async () => {
  const packages = await installed();
  expect(packages.length).toBeGreaterThan(50);
  expect(packages.filter(([, entry]) => entry.integrity === undefined)).toEqual([]);
});
