import { lchown, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { explainDenied, linkOn, readOnlyDisk, wayTo } from '../../src/agent/access.js';
import type { Who } from '../../src/core/model/access.js';
import { AgentError } from '../../src/core/common/errors.js';
import { unwritable } from '../../src/store/database/files.js';
import { errorFromData, errorToData } from '../../src/store/write/protocol.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-access-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Another than who runs the tests. */
const other: Who = { uid: 990, gids: [990], user: 'trap', group: 'trap', isService: true };
const denied = (path: string): Error =>
  Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path });

it('knows the way to a file, as far as it goes', async () => {
  await writeFile(join(folder, 'a'), '', { mode: 0o600 });
  expect(wayTo(join(folder, 'a')).at(-1)).toMatchObject({ isFolder: false });
  expect(wayTo(join(folder, 'none', 'b')).at(-1)).toMatchObject({ path: folder, isFolder: true });
});

it('knows a link that a command on the path would follow', async () => {
  const real = join(folder, 'real');
  await mkdir(real);
  await writeFile(join(real, 'a'), '');
  await symlink(real, join(folder, 'link'));
  await symlink(join(real, 'a'), join(real, 'b'));
  expect(linkOn(join(real, 'a'))).toBeNull();
  expect(linkOn(join(real, 'b'))).toBe(join(real, 'b'));
  await lchown(join(folder, 'link'), 990, 990).catch(() => undefined);
  const laid = await lstat(join(folder, 'link'));
  expect(linkOn(join(folder, 'link', 'a'))).toBe(laid.uid === 0 ? null : join(folder, 'link'));
  expect(wayTo(join(real, 'b')).at(-1)?.link).toBe(join(real, 'b'));
});

it('adds to an error of a missing right whose the file is, and the command', () => {
  const error = explainDenied(
    unwritable(join(folder, 's.db'), denied(join(folder, 's.db'))),
    other,
  );
  expect(error.code).toBe('STATE_UNWRITABLE');
  expect(error.message).toMatch(
    /: \/\S+ belongs to \S+ with mode 700: user trap may not write it$/,
  );
  const person = explainDenied(unwritable(join(folder, 's.db'), denied(folder)), {
    ...other,
    isService: false,
  });
  expect(person.remedy).toBe('type the same with sudo');
});

it('tells a disk that is read-only from a sandbox', () => {
  const line = (at: string, mine: string, disk: string): string =>
    `36 35 98:0 / ${at} ${mine},noatime master:1 - ext4 /dev/sda1 ${disk},errors=continue`;
  const mounts = [
    line('/', 'rw', 'rw'),
    line('/var', 'ro', 'rw'),
    line('/var/lib', 'ro', 'ro'),
    line('/my\\040disk', 'ro', 'ro'),
  ].join('\n');
  const check = (path: string) => readOnlyDisk(path, mounts);
  expect(['/var/lib/s', '/var/lib', '/my disk/s'].map(check)).toEqual([
    '/var/lib',
    '/var/lib',
    '/my disk',
  ]);
  expect(['/var/log/s', '/var/library', '/srv'].map(check)).toEqual([null, null, null]);
});

it('leaves every other error as it is', () => {
  const full = new AgentError(
    'STATE_UNWRITABLE',
    'm',
    'r',
    Object.assign(new Error(), { code: 'ENOSPC' }),
    '/',
  );
  expect(explainDenied(full, other)).toBe(full);
  const plain = new AgentError('USAGE', 'm', 'r');
  expect(explainDenied(plain, other)).toBe(plain);
});

it('explains an error that came from the store’s thread, without its cause', () => {
  const path = join(folder, 's.json');
  const far = errorFromData(errorToData(unwritable(path, denied(path))));
  expect(far.cause).toBeUndefined();
  expect(explainDenied(far, other).message).toContain('user trap may not write it');
});
