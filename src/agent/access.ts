import { readFileSync, statSync } from 'node:fs';
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
import { AgentError } from '../core/model/errors.js';
import { systemCode } from '../store/files.js';

/** Numbers of accounts of programs lie below (login.defs(5), SYS_UID_MAX). */
const PERSONS_FROM_UID = 1_000;

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
  return { uid: account.id, gids, user, group, isService: account.id < PERSONS_FROM_UID };
}

/** This process. */
export function whoAmI(): Who {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const user = nameOf(readAccounts('/etc/passwd'), uid);
  const group = nameOf(readAccounts('/etc/group'), gid);
  const gids = [...new Set([gid, ...(process.getgroups?.() ?? [])])];
  return { uid, gids, user, group, isService: uid < PERSONS_FROM_UID };
}

/** From `/` down to the path itself, as far as it is there and this process may look. */
export function wayTo(path: string): readonly PathFacts[] {
  const users = readAccounts('/etc/passwd');
  const groups = readAccounts('/etc/group');
  const paths = [resolve(path)];
  while (paths[0] !== undefined && paths[0] !== '/') paths.unshift(dirname(paths[0]));
  const way: PathFacts[] = [];
  for (const each of paths) {
    try {
      const { mode, uid, gid } = statSync(each);
      const owner = nameOf(users, uid);
      const isFolder = (mode & 0o170000) === 0o040000;
      way.push({ path: each, isFolder, mode, uid, gid, owner, ownerGroup: nameOf(groups, gid) });
    } catch (error) {
      if (systemCode(error) === null) throw error;
      break;
    }
  }
  return way;
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
  if (code === null || !DENIED.has(code)) return error;
  const path = error.path ?? pathIn(cause);
  if (path === null) return error;
  const barrier = barrierFor(path, who, error.code === 'STATE_UNWRITABLE' ? 'write' : 'read');
  if (barrier === null) return error;
  const command = openingCommand(barrier, who);
  const instead = who.isService ? error.remedy : 'type the same with sudo';
  const remedy = command === null ? instead : `as root: ${command}`;
  const message = `${error.message}: ${describeBarrier(barrier, who)}`;
  return new AgentError(error.code, message, remedy, cause, path);
}

/** What shuts the path, or the folder where it would be made. */
export function barrierFor(path: string, who: Who, need: Need): Barrier | null {
  return findBarrier(wayTo(path), who, need);
}

const pathIn = (cause: unknown): string | null =>
  cause instanceof Error && 'path' in cause && typeof cause.path === 'string' ? cause.path : null;
