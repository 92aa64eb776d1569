import { execa } from 'execa';
import { AgentError } from '../../core/model/errors.js';

/** The number of a user or group; null when there is none. By getent, so that directories count. */
export async function findId(database: 'passwd' | 'group', name: string): Promise<number | null> {
  const { stdout, exitCode } = await execa('getent', [database, name], { reject: false });
  // getent(1): 2 means that the key was not found.
  if (exitCode === 2) return null;
  const id = Number(stdout.split(':')[2]);
  if (exitCode === 0 && Number.isSafeInteger(id)) return id;
  throw new AgentError(
    'INSTALL_FAILED',
    `getent ${database} ${name} does not answer (exit ${exitCode ?? 'unknown'})`,
    'See that getent (Debian package libc-bin) works, then type the same again.',
  );
}

/** The numbers of both, which must exist. */
export async function findOwner(owner: {
  readonly user: string;
  readonly group: string;
}): Promise<{ readonly uid: number; readonly gid: number }> {
  const uid = await findId('passwd', owner.user);
  const gid = await findId('group', owner.group);
  if (uid !== null && gid !== null) return { uid, gid };
  throw new AgentError(
    'INSTALL_FAILED',
    `there is no user ${owner.user} with group ${owner.group}`,
    `Type: useradd --system --user-group ${owner.user}`,
  );
}
