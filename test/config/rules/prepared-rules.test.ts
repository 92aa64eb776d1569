import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUILT_IN_RULES, PREPARED_RULES } from '../../../src/agent/all-rules.js';
import { loadRules, prepareRules } from '../../../src/config/rules/rules.js';

const GOOD = readFileSync(join(import.meta.dirname, '../../fixtures/rules/good.yaml'), 'utf8');

let place: string;
let folder: string;
let prepared: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'sentrypeer-rules-'));
  folder = join(place, 'rules');
  prepared = join(place, 'rules.json');
  await mkdir(folder);
  await writeFile(join(folder, 'a.yaml'), GOOD);
  await prepareRules(folder, prepared);
});

afterEach(() => rm(place, { recursive: true }));

/** The prepared file says what no rule file says, so that it shows which of them was read. */
async function markPrepared(): Promise<void> {
  const text = await readFile(prepared, 'utf8');
  await writeFile(prepared, text.replaceAll('Own rule', 'Prepared rule'));
}

const nameOfOwn = async (): Promise<string | undefined> =>
  (await loadRules([folder], prepared)).find(({ id }) => id === 'own-rule')?.name;

describe('prepared rules', () => {
  it('say what the files say, and where', async () => {
    expect(await loadRules([folder], prepared)).toEqual(await loadRules([folder]));
    const built = await loadRules([BUILT_IN_RULES], PREPARED_RULES);
    expect(built).toEqual(await loadRules([BUILT_IN_RULES]));
  });

  it('are read in place of the files that they were made of', async () => {
    await markPrepared();
    expect(await nameOfOwn()).toBe('Prepared rule');
  });

  it.each([
    ['changed', () => writeFile(join(folder, 'a.yaml'), `${GOOD}# more\n`)],
    ['more', () => writeFile(join(folder, 'b.yaml'), GOOD.replaceAll('id: ', 'id: other-'))],
  ])('are passed over when the files are %s', async (_, change) => {
    await markPrepared();
    await change();
    expect(await nameOfOwn()).toBe('Own rule');
  });

  it.each(['', '{', '{"digest":1}'])('are passed over when they hold %j', async (text) => {
    await writeFile(prepared, text);
    expect(await nameOfOwn()).toBe('Own rule');
  });
});
