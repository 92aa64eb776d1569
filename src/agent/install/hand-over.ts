import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../core/common/errors.js';
import { findId, findOwner } from './accounts.js';
import { isThere } from './program.js';
import { SERVICE_USER, type Ownership } from './steps.js';

/** What the service writes in its folders. Whatever else root laid there stays root's. */
const OF_SERVICE = /^(?:sentrypeer\.|secret$|instance_id$|tls\.pem$)/;
const FILES_MAX = 10_000;

export interface Handed {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Files of the service's that root has: an agent that was once run as root left them, and the service
 * could not write them. Links are passed over. Rejects with INSTALL_FAILED for a file that is somebody
 * else's, or has a second name elsewhere: to give it away would give that one, too.
 */
export async function filesOfRoot(folder: string): Promise<readonly string[]> {
  if (!(await isThere(folder))) return [];
  const service = await findId('passwd', SERVICE_USER);
  const found: string[] = [];
  for (const name of (await readdir(folder)).sort().slice(0, FILES_MAX)) {
    if (!OF_SERVICE.test(name)) continue;
    const path = join(folder, name);
    const stats = await lstat(path);
    if (!stats.isFile() || stats.uid === service) continue;
    refuse(path, stats);
    found.push(path);
  }
  return found;
}

/** Gives them to the service, by descriptor: what was looked at is what is given. */
export async function handOver(folder: string, owner: Ownership): Promise<readonly Handed[]> {
  const { uid, gid } = await findOwner(owner);
  const handed: Handed[] = [];
  for (const path of await filesOfRoot(folder)) {
    const before = await give(path, { uid, gid });
    handed.push({ path, ...before });
  }
  return handed;
}

export async function takeBackFiles(handed: readonly Handed[]): Promise<void> {
  for (const { path, uid, gid } of handed) await give(path, { uid, gid });
}

async function give(path: string, to: { readonly uid: number; readonly gid: number }) {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw refusal(path, 'is no regular file any more');
    if (to.uid !== 0) refuse(path, stats);
    await handle.chown(to.uid, to.gid);
    return { uid: stats.uid, gid: stats.gid };
  } finally {
    await handle.close();
  }
}

function refuse(path: string, { uid, nlink }: { readonly uid: number; readonly nlink: number }) {
  if (uid !== 0) throw refusal(path, `belongs to user ${uid}, neither to root nor to the service`);
  if (nlink > 1) throw refusal(path, 'has a second name elsewhere (a hard link)');
}

const refusal = (path: string, why: string): AgentError =>
  new AgentError(
    'INSTALL_FAILED',
    `${path} ${why}, and the service could not write it`,
    `Look whose it is (ls -li ${path}); move it away, and type the same again.`,
  );
