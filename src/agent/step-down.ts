import {
  chownSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Settings } from '../config/schema.js';
import { AgentError } from '../core/common/errors.js';
import { systemCode } from '../store/database/files.js';

/** What an agent keeps; the folders tell whose it is. */
export type StateFiles = Pick<Settings, 'databaseFile'> &
  Partial<Pick<Settings, 'logFile' | 'jsonLogFile'>>;

interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly folder: string;
}

/**
 * Root takes the rights of the account that the state belongs to, before it opens anything there,
 * and keeps them. The service may put links and databases of its own making into its folders; with
 * its own rights they lead nowhere that it may not go itself. Nothing happens to other users, nor
 * where the state is root's. The real user stays root, so that nft and ufw are still started with
 * root's rights (firewall/root-rights.ts). Throws STATE_FOREIGN where root would be led astray.
 */
export function stepDown(files: StateFiles): void {
  const owner = findOwner(files);
  if (owner !== null) become(owner);
}

/**
 * The same for an agent that root starts by hand. Where systemd would make the folder of the control
 * socket, and give it to the service, root does: /run is root's.
 */
export function stepDownToRun(settings: StateFiles & Pick<Settings, 'controlSocket'>): void {
  const owner = findOwner(settings);
  if (owner === null) return;
  const folder = dirname(settings.controlSocket);
  const above = lookAt(dirname(folder), lstatSync);
  // Only in a folder of root's: nobody else can put another one in its place.
  if (above?.uid === 0 && (above.mode & 0o022) === 0 && lookAt(folder, lstatSync) === null) {
    mkdirSync(folder, { mode: 0o750 });
    chownSync(folder, owner.uid, owner.gid);
  }
  become(owner);
}

/**
 * The same for the time of `work`, for a command that needs root before and after. The rights are
 * those of the whole process: nothing that needs root may go on meanwhile.
 */
export async function asOwner<T>(files: StateFiles, work: () => Promise<T>): Promise<T> {
  const owner = findOwner(files);
  if (owner === null) return work();
  const before = { gid: process.getegid?.() ?? 0, groups: process.getgroups?.() ?? [] };
  try {
    become(owner);
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(before.gid);
    process.setgroups?.(before.groups);
  }
}

/** Whether what is done in `folder` is done with the rights that the state is: then no others are needed. */
export function servesOwnerOf(files: StateFiles, folder: string): boolean {
  const owner = findOwner(files);
  return owner === null || ownerOf(folder).uid === owner.uid;
}

/** Whom root must serve there; null: nobody. */
function findOwner({ databaseFile, logFile, jsonLogFile }: StateFiles): Owner | null {
  if (process.geteuid?.() !== 0) return null;
  const state = ownerOf(dirname(databaseFile));
  for (const file of [logFile, jsonLogFile]) {
    if (file === undefined) continue;
    const { uid, folder: found } = ownerOf(dirname(file));
    if (uid === 0 || uid === state.uid) continue;
    const whose = `user ${state.uid} has the state in ${state.folder}`;
    throw foreign(
      `the folder ${found} of the logs belongs to user ${uid}, and ${whose}: root writes for one of them only`,
      `chown -hR ${state.uid}:${state.gid} ${found}, or name a log file in a folder of that user`,
      found,
    );
  }
  return state.uid === 0 ? null : state;
}

/** Of the folder, or of the nearest one above it that is there: what is made there is its owner's. */
function ownerOf(folder: string): Owner {
  let found = resolve(folder);
  let facts = lookAt(found, statSync);
  while (facts === null && found !== '/') {
    // A link to nowhere is a link all the same.
    if (lookAt(found, lstatSync) !== null) throw foreignLink(found);
    found = dirname(found);
    facts = lookAt(found, statSync);
  }
  const uid = facts?.uid ?? 0;
  refuseLinks(found, uid);
  return { uid, gid: facts?.gid ?? 0, folder: found };
}

/** An operator may lay a folder elsewhere by a link; the account that is served may not, nor others. */
function refuseLinks(path: string, owner: number): void {
  for (let at = resolve(path); at !== '/'; at = dirname(at)) {
    const facts = lookAt(at, lstatSync);
    if (facts?.isSymbolicLink() !== true) continue;
    if (facts.uid !== 0 && facts.uid !== owner) throw foreignLink(at);
    refuseLinks(resolve(realpathSync(dirname(at)), readlinkSync(at)), owner);
  }
}

function lookAt(path: string, look: (path: string) => Stats): Stats | null {
  try {
    return look(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw foreign(`${path} cannot be looked at: ${code ?? String(error)}`, LOOK(path), path, error);
  }
}

function foreignLink(path: string): AgentError {
  const { uid } = lstatSync(path);
  const what = `${path} is a link to ${readlinkSync(path)} that user ${uid} made: root does not follow it`;
  return foreign(what, LOOK(path), path);
}

const LOOK = (path: string): string =>
  `see who put it there (ls -ld ${path}), take it away, and type the same again`;

const foreign = (what: string, remedy: string, path: string, cause?: unknown): AgentError =>
  new AgentError('STATE_FOREIGN', what, remedy, cause, path);

/** Node has it, its types have not. */
const host: NodeJS.Process & { initgroups?: (user: string, group: number) => void } = process;

/** Effective rights only; those of every thread, and of those to come. */
function become({ uid, gid, folder }: Owner): void {
  try {
    const account = accountOf(uid);
    if (account === null) process.setgroups?.([gid]);
    else host.initgroups?.(account.username, account.gid);
    // Root's group is not for an account that has none of its own to give.
    const groups = process.getgroups?.() ?? [];
    process.setegid?.(groups.includes(gid) ? gid : (account?.gid ?? gid));
    process.seteuid?.(uid);
  } catch (error) {
    throw foreign(
      `${folder} belongs to user ${uid}, and this root may not take on its rights`,
      `type it as that user, or give the folder to root: chown -hR root:root ${folder}`,
      folder,
      error,
    );
  }
}

/** By the system's own books, of which Node reads only the entry of the effective user. */
function accountOf(uid: number): { readonly username: string; readonly gid: number } | null {
  process.seteuid?.(uid);
  try {
    return userInfo();
  } catch {
    // A number without an account, as of a volume in a container.
    return null;
  } finally {
    process.seteuid?.(0);
  }
}
