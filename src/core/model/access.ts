/** Who asks for a file: numbers as the kernel knows them, names for the sentence. */
export interface Who {
  readonly uid: number;
  /** The primary group and the others. */
  readonly gids: readonly number[];
  readonly user: string;
  readonly group: string;
  /** An account of a program, not of a person (login.defs: below 1000). */
  readonly isService: boolean;
}

/** A file or a folder on the way to it, as stat(2) tells. */
export interface PathFacts {
  readonly path: string;
  readonly isFolder: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly ownerGroup: string;
  /** A link that a command on this path would follow: whoever laid it chooses what is changed. Null: none. */
  readonly link: string | null;
}

export type Need = 'read' | 'write';

/** Where the way to a file ends, and what is missing there. */
export interface Barrier {
  readonly at: PathFacts;
  readonly need: Need | 'search';
  /** The folder that holds it belongs to who asks. */
  readonly inOwnFolder: boolean;
}

const BITS = { read: 4, write: 6, search: 1 } as const;

/**
 * The first place of `way` (from `/` down to the file or folder itself) that the mode bits shut to
 * `who`, as path_resolution(7) says; null when they leave the way open. A folder that must be
 * written is searched as well.
 */
export function findBarrier(way: readonly PathFacts[], who: Who, need: Need): Barrier | null {
  if (who.uid === 0) return null;
  for (const [index, at] of way.entries()) {
    const last = index === way.length - 1;
    const wanted = last ? BITS[need] | (at.isFolder ? BITS.search : 0) : BITS.search;
    if ((bitsFor(at, who) & wanted) === wanted) continue;
    const inOwnFolder = index > 0 && way[index - 1]?.uid === who.uid;
    return { at, need: last ? need : 'search', inOwnFolder };
  }
  return null;
}

function bitsFor({ mode, uid, gid }: PathFacts, who: Who): number {
  if (uid === who.uid) return (mode >> 6) & 7;
  return who.gids.includes(gid) ? (mode >> 3) & 7 : mode & 7;
}

const octal = (bits: number): string => (bits & 0o777).toString(8).padStart(3, '0');

/** `FILE belongs to root:root with mode 600: user sentrypeer may not read it`. */
export function describeBarrier({ at, need }: Barrier, { user }: Who): string {
  const followed =
    at.link === null
      ? ''
      : ` (${at.link} is a link: look where it leads, and change that by its own name)`;
  const verb = { read: 'read', write: 'write', search: 'go through' }[need];
  const whose = `belongs to ${at.owner}:${at.ownerGroup} with mode ${octal(at.mode)}`;
  return `${at.path} ${whose}: user ${user} may not ${verb} it${followed}`;
}

/** What root types to open the way, and no wider than needed; null: not ours to open, or by way of a link. */
export function openingCommand(barrier: Barrier, who: Who): string | null {
  if (barrier.at.link !== null || (!barrier.inOwnFolder && !who.isService)) return null;
  return barrier.need === 'write' ? takingCommand(barrier.at, who) : readingCommand(barrier, who);
}

/** What the agent writes is its own. */
function takingCommand({ path, isFolder, mode, uid }: PathFacts, who: Who): string | null {
  const needed = isFolder ? 0o700 : 0o600;
  // `/var/log` is the system's: no advice may give it away.
  const isOurs = path.includes('sentrypeer') || path.split('/').length > 3;
  if (isFolder && !isOurs) return null;
  const own = uid === who.uid ? [] : [`chown -h ${who.user}:${who.group} ${quote(path)}`];
  const bits = (mode & needed) === needed ? [] : [`chmod ${octal(mode | needed)} ${quote(path)}`];
  return [...own, ...bits].join(' && ');
}

/** What others have too (a key of a web server, a folder of certificates) keeps its group. */
function readingCommand({ at, need }: Barrier, who: Who): string {
  const path = quote(at.path);
  const wanted = need === 'search' ? 'x' : at.isFolder ? 'rx' : 'r';
  if (at.uid === who.uid) return `chmod u+${wanted} ${path}`;
  if (who.isService && who.gids.includes(at.gid)) return `chmod g+${wanted} ${path}`;
  const isRoots = at.gid === 0 && (!at.isFolder || at.path.includes('sentrypeer'));
  if (!isRoots) return `setfacl -m u:${who.user}:${wanted} ${path}`;
  const bits = { x: 0o010, r: 0o040, rx: 0o050 }[wanted];
  return `chgrp ${who.group} ${path} && chmod ${octal(at.mode | bits)} ${path}`;
}

/** For a shell, where a path needs it. */
const quote = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
