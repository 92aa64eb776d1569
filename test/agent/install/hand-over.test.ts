import { chown, link, lstat, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOfRoot, handOver, takeBackFiles } from '../../../src/agent/install/hand-over.js';

const NOBODY = { user: 'nobody', group: 'nogroup' };

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-hand-over-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const uidOf = async (name: string): Promise<number> => (await lstat(at(name))).uid;

// Only root has files to hand over.
describe.runIf(process.getuid?.() === 0)('files that an agent run as root left behind', () => {
  it('become those of the service, and root’s again where the installation fails', async () => {
    const names = ['instance_id', 'secret', 'sentrypeer.db', 'sentrypeer.db-wal'];
    for (const name of [...names, 'shadow']) await writeFile(at(name), '');
    await symlink('/etc/shadow', at('sentrypeer.log'));
    expect(await filesOfRoot(folder)).toEqual(names.map(at));
    const handed = await handOver(folder, NOBODY);
    for (const name of names) expect(await uidOf(name)).toBe(65_534);
    expect([await uidOf('shadow'), await uidOf('sentrypeer.log')]).toEqual([0, 0]);
    expect((await lstat('/etc/shadow')).uid).toBe(0);
    await takeBackFiles(handed);
    for (const name of names) expect(await uidOf(name)).toBe(0);
  });

  it('are refused where they have a second name', async () => {
    await writeFile(at('passwd'), '');
    await link(at('passwd'), at('sentrypeer.db'));
    await expect(filesOfRoot(folder)).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringMatching(/sentrypeer\.db has a second name elsewhere/) as string,
    });
  });

  it('are refused where they are another user’s', async () => {
    await writeFile(at('sentrypeer.db'), '');
    await chown(at('sentrypeer.db'), 4_242, 0);
    await expect(handOver(folder, NOBODY)).rejects.toMatchObject({
      message: expect.stringContaining('belongs to user 4242') as string,
    });
  });
});
