import { lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  describeBarrier,
  findBarrier,
  openingCommand,
  type Barrier,
  type Need,
  type PathFacts,
  type Who,
} from '../core/model/access.js';
import { AgentError } from '../core/common/errors.js';
import { systemCode } from '../store/database/files.js';
import { SERVICE_UNIT } from './install/steps.js';

/** Numbers of accounts of programs lie below (login.defs(5), SYS_UID_MAX). */
const PERSONS_FROM_UID = 1_000;
const NOBODY_UID = 65_534;

const isServiceUid = (uid: number): boolean => uid < PERSONS_FROM_UID || uid === NOBODY_UID;

interface Account {
  readonly name: string;
  readonly id: number;
  /** Primary group of a user; members of a group. */
  readonly rest: readonly string[];
}

/** The lines of /etc/passwd or /etc/group; none where they cannot be read. */
function readAccounts(file: string): readonly Account[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [name = '', , id = '', ...rest] = line.split(':');
    return /^\d+$/.test(id) ? [{ name, id: Number(id), rest }] : [];
  });
}

const nameOf = (accounts: readonly Account[], id: number): string =>
  accounts.find((account) => account.id === id)?.name ?? String(id);

/** A user of this host with all groups; null when there is none of that name. */
export function findWho(
  user: string,
  groupName: string | null,
  more: readonly string[],
): Who | null {
  const groups = readAccounts('/etc/group');
  const account = readAccounts('/etc/passwd').find(({ name }) => name === user);
  if (account === undefined) return null;
  const own = Number(account.rest[0] ?? NaN);
  const primary = groups.find(({ name }) => name === groupName)?.id ?? own;
  const others = groups
    .filter(({ name, rest }) => more.includes(name) || (rest[0] ?? '').split(',').includes(user))
    .map(({ id }) => id);
  const gids = [...new Set([primary, ...others])];
  const group = nameOf(groups, primary);
  return { uid: account.id, gids, user, group, isService: isServiceUid(account.id) };
}

/** This process. */
export function whoAmI(): Who {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const user = nameOf(readAccounts('/etc/passwd'), uid);
  const group = nameOf(readAccounts('/etc/group'), gid);
  const gids = [...new Set([gid, ...(process.getgroups?.() ?? [])])];
  return { uid, gids, user, group, isService: isServiceUid(uid) };
}

/** From `/` down to the path itself, as far as it is there and this process may look. */
export function wayTo(path: string): readonly PathFacts[] {
  const users = readAccounts('/etc/passwd');
  const groups = readAccounts('/etc/group');
  const way: PathFacts[] = [];
  for (const each of pathsTo(path)) {
    try {
      const { mode, uid, gid } = statSync(each);
      const owner = nameOf(users, uid);
      const isFolder = (mode & 0o170000) === 0o040000;
      const ownerGroup = nameOf(groups, gid);
      const link = linkOn(each);
      way.push({ path: each, isFolder, mode, uid, gid, owner, ownerGroup, link });
    } catch (error) {
      if (systemCode(error) === null) throw error;
      break;
    }
  }
  return way;
}

/** `/`, and so on down to the path itself. */
function pathsTo(path: string): readonly string[] {
  const paths = [resolve(path)];
  while (paths[0] !== undefined && paths[0] !== '/') paths.unshift(dirname(paths[0]));
  return paths;
}

/**
 * The link that root would follow with a command on this path: the path itself, or one on the way to it
 * that root did not lay (`/var/run` is root's). Null: none.
 */
export function linkOn(path: string): string | null {
  for (const each of pathsTo(path)) {
    try {
      const found = lstatSync(each);
      if (found.isSymbolicLink() && (found.uid !== 0 || each === resolve(path))) return each;
    } catch (error) {
      if (systemCode(error) === null) throw error;
      return null;
    }
  }
  return null;
}

const DENIED: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  'SQLITE_PERM',
]);

/** An error of a right that is missing names who owns what, and what root types; others stay. */
export function explainDenied(error: AgentError, who: Who = whoAmI()): AgentError {
  const { cause } = error;
  const code = systemCode(cause);
  const path = error.path ?? pathIn(cause);
  if (path === null) return error;
  if (code === 'EROFS') {
    const mount = readOnlyDisk(path);
    if (mount !== null) return onReadOnlyDisk(error, path, mount);
    if (isUnderSystemd()) return sandboxed(error, path);
  }
  // One of the store's thread has no cause any more: then what the mode bits shut is it.
  if (code !== null && !DENIED.has(code)) return error;
  const barrier = barrierFor(path, who, error.code === 'STATE_UNWRITABLE' ? 'write' : 'read');
  if (barrier === null) return error;
  const command = openingCommand(barrier, who);
  const instead = who.isService ? error.remedy : 'type the same with sudo';
  const remedy = command === null ? instead : `as root: ${command}`;
  const told = describeBarrier(barrier, who);
  // The path is said once.
  const why = names(error.message, barrier.at.path) ? told.replace(barrier.at.path, 'it') : told;
  const message = `${error.message}: ${why}`;
  return new AgentError(error.code, message, remedy, cause, path);
}

/** The path itself, not one below it. */
const names = (text: string, path: string): boolean =>
  text
    .split(path)
    .slice(1)
    .some((rest) => !rest.startsWith('/'));

/**
 * Where the file system of a path is mounted, when it is read-only itself, as a disk with errors becomes;
 * null: it is not, though this process may see it so (proc_pid_mountinfo(5): options of the mount, and of
 * the file system, which a sandbox does not change).
 */
export function readOnlyDisk(path: string, mounts = readMounts()): string | null {
  let found: { readonly at: string; readonly isReadOnly: boolean } | null = null;
  for (const line of mounts.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const at = (left.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_all, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const holds = at === '/' || path === at || path.startsWith(`${at}/`);
    // Of those at one place the last covers the others.
    if (at === '' || !holds || (found !== null && at.length < found.at.length)) continue;
    found = { at, isReadOnly: (right.split(' ')[2] ?? '').split(',').includes('ro') };
  }
  return found?.isReadOnly === true ? found.at : null;
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'latin1');
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return '';
  }
}

export const READ_ONLY_REMEDY = (mount: string): string =>
  `see what dmesg says of the disk: one with errors is made read-only; then mount -o remount,rw ${mount}`;

const onReadOnlyDisk = (error: AgentError, path: string, mount: string): AgentError =>
  new AgentError(
    error.code,
    `${error.message}: the file system at ${mount} is read-only`,
    READ_ONLY_REMEDY(mount),
    error.cause,
    path,
  );

/** systemd.exec(5): each start of a unit has one. */
const isUnderSystemd = (): boolean => process.env['INVOCATION_ID'] !== undefined;

function sandboxed(error: AgentError, path: string): AgentError {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const folder = isFolder ? path : dirname(path);
  const message = `${error.message}: the sandbox of the unit (ProtectSystem) shuts it`;
  return new AgentError(error.code, message, openSandbox(folder), error.cause, path);
}

/** How the unit is told that the service may write there. */
export const openSandbox = (folder: string): string =>
  `systemctl edit ${SERVICE_UNIT}, with ReadWritePaths=${folder} below [Service], then systemctl ` +
  `restart ${SERVICE_UNIT}`;

/** What shuts the path, or the folder where it would be made. */
export function barrierFor(path: string, who: Who, need: Need): Barrier | null {
  return findBarrier(wayTo(path), who, need);
}

const pathIn = (cause: unknown): string | null =>
  cause instanceof Error && 'path' in cause && typeof cause.path === 'string' ? cause.path : null;
