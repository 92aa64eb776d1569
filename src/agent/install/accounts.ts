import { AgentError } from '../../core/common/errors.js';
import { runTool } from './run-tool.js';

/** The number of a user or group; null when there is none. By getent, so that directories count. */
export async function findId(database: 'passwd' | 'group', name: string): Promise<number | null> {
  const entry = await findEntry(database, name);
  if (entry === null) return null;
  const id = Number(entry[2]);
  if (Number.isSafeInteger(id)) return id;
  throw noAnswer(database, name, entry.join(':'));
}

/** The comment of a user (GECOS), '' where it has none; null when there is no such user. */
export async function findComment(name: string): Promise<string | null> {
  const entry = await findEntry('passwd', name);
  return entry === null ? null : (entry[4] ?? '');
}

/** The fields of passwd(5) or group(5). */
async function findEntry(
  database: 'passwd' | 'group',
  name: string,
): Promise<readonly string[] | null> {
  const { stdout, exitCode } = await runTool('getent', [database, name], { reject: false });
  // getent(1): 2 means that the key was not found.
  if (exitCode === 2) return null;
  if (exitCode === 0) return stdout.split(':');
  throw noAnswer(database, name, `exit ${exitCode ?? 'unknown'}`);
}

const noAnswer = (database: string, name: string, said: string): AgentError =>
  new AgentError(
    'INSTALL_FAILED',
    `getent ${database} ${name} does not answer as it should (${said})`,
    'See that getent (Debian package libc-bin) works, then type the same again.',
  );

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
