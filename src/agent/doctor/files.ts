import type { Stats } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LoadedSettings } from '../../config/load.js';
import { formatTime } from '../../api/views.js';
import { AgentError } from '../../core/common/errors.js';
import { linkOn, READ_ONLY_REMEDY, readOnlyDisk } from '../access.js';
import { openReader, type Reader } from '../../store/read/reader.js';
import { AS_ROOT, fail, failed, ok, unknown, warn, type Finding } from './finding.js';

/** A path that must not be open to others; `bitsMax` is the most that its mode may have. */
interface Private {
  readonly path: string;
  readonly bitsMax: number;
}

/** `link`: what a command on the path would follow (linkOn). */
type Facts = Pick<Stats, 'mode' | 'uid' | 'gid'> & { readonly link?: string | null };

/** Null: it is not there; `denied`: this user may not look. */
export type LookAt = (path: string) => Promise<Facts | null | 'denied'>;

const privateFiles = ({ settings, file }: LoadedSettings): readonly Private[] => {
  const { databaseFile, logFile, jsonLogFile, tlsKeyFile } = settings;
  const beside = (name: string): string => join(dirname(databaseFile), name);
  return [
    { path: dirname(databaseFile), bitsMax: 0o750 },
    { path: databaseFile, bitsMax: 0o600 },
    { path: beside('secret'), bitsMax: 0o600 },
    { path: beside('tls.pem'), bitsMax: 0o600 },
    { path: logFile, bitsMax: 0o640 },
    { path: jsonLogFile, bitsMax: 0o640 },
    ...(tlsKeyFile === null ? [] : [{ path: tlsKeyFile, bitsMax: 0o640 }]),
    // Others may read how the agent is set, but not write it.
    ...(file === null ? [] : [{ path: file, bitsMax: 0o755 }]),
    { path: settings.rulesDir, bitsMax: 0o755 },
  ];
};

/**
 * Rights of all that the agent keeps. `byFolder`: who writes there is known by the folder's owner
 * alone, for no unit tells.
 */
export async function judgeFiles(
  loaded: LoadedSettings,
  byFolder: boolean,
  lookAt: LookAt = lookAtPath,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const denied: string[] = [];
  let seen = 0;
  for (const { path, bitsMax } of privateFiles(loaded)) {
    const facts = await lookAt(path);
    if (facts === null) continue;
    if (facts === 'denied') {
      denied.push(path);
      continue;
    }
    seen += 1;
    const mode = facts.mode & 0o777;
    if ((mode & ~bitsMax) === 0) continue;
    const what = `${path} has mode ${octal(mode)}, more than ${octal(bitsMax)}`;
    const command = `chmod ${octal(mode & bitsMax)} ${path}`;
    findings.push(warn('files', what, followsLink(facts) ?? command));
  }
  if (byFolder) findings.push(...(await judgeOwner(loaded, lookAt)));
  if (denied.length > 0) {
    findings.push(unknown('files', `this user may not look at ${denied.join(', ')}`, AS_ROOT));
  }
  if (findings.length > 0) return findings;
  return [ok('files', seen === 0 ? 'none yet' : `the rights of ${seen} paths are as meant`)];
}

/** Null: a command on the path changes what is there. Else whoever laid the link chooses what. */
const followsLink = ({ link = null }: Facts): string | null =>
  link === null
    ? null
    : `${link} is a link: look where it leads (ls -l ${link}), and change that by its own name`;

const octal = (bits: number): string => bits.toString(8).padStart(3, '0');

/** A file that a command of root's left behind cannot be written by the service. */
async function judgeOwner(
  { settings: { databaseFile } }: LoadedSettings,
  lookAt: LookAt,
): Promise<readonly Finding[]> {
  const folder = await lookAt(dirname(databaseFile));
  if (folder === null || folder === 'denied') return [];
  const findings: Finding[] = [];
  for (const path of [databaseFile, `${databaseFile}-wal`, `${databaseFile}.lock`]) {
    const facts = await lookAt(path);
    if (facts === null || facts === 'denied' || facts.uid === folder.uid) continue;
    const what = `${path} belongs to user ${facts.uid}, its folder to user ${folder.uid}`;
    const command = `chown -h ${folder.uid}:${folder.gid} ${path}`;
    findings.push(fail('files', what, followsLink(facts) ?? command));
  }
  return findings;
}

const lookAtPath: LookAt = async (path) => {
  try {
    const { mode, uid, gid } = await stat(path);
    return { mode, uid, gid, link: linkOn(path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'EACCES' || code === 'EPERM') return 'denied';
    throw error;
  }
};

const MIB = 1_048_576;
/** Below it the next day's WAL, logs and backups may not fit. */
const DISK_LEFT_MIB_MIN = 64;

/** Whether the database may grow to the size that it is allowed. */
export function judgeDisk(
  freeBytes: number,
  databaseBytes: number,
  allowedBytes: number | null,
): Finding {
  const freeMib = Math.floor(freeBytes / MIB);
  const what = `${freeMib} MiB are free where the database is`;
  const remedy = 'make room, or lower database_max_size in [retention]';
  if (freeMib < DISK_LEFT_MIB_MIN) return fail('disk', what, remedy);
  const growth = Math.max(0, (allowedBytes ?? 0) - databaseBytes);
  if (freeBytes >= growth) return ok('disk', what);
  const more = `${what}, and it may grow by ${Math.ceil(growth / MIB)} MiB`;
  return warn('disk', more, remedy);
}

/** A moment ahead of the clock by more is no rounding. */
const AHEAD_US_MAX = 60_000_000;

export function judgeNewestEvent(newestUs: number | null, nowUs: number): Finding | null {
  if (newestUs === null || newestUs <= nowUs + AHEAD_US_MAX) return null;
  return warn(
    'clock',
    `the newest event is of ${formatTime(newestUs)}, which is yet to come: the clock went back`,
    'set the clock right (timedatectl), and start the agent again',
  );
}

/** The database as a reader sees it: none is made, and nothing is written. */
export async function examineDatabase(
  { settings }: LoadedSettings,
  nowUs: number,
): Promise<readonly Finding[]> {
  const { databaseFile, retention } = settings;
  const mount = readOnlyDisk(dirname(databaseFile));
  if (mount !== null) {
    const what = `the file system at ${mount} is read-only: nothing can be stored in ${databaseFile}`;
    return [fail('disk', what, READ_ONLY_REMEDY(mount))];
  }
  let reader: Reader;
  try {
    reader = await openReader(databaseFile);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return [judgeOpening(error)];
  }
  try {
    const { bytes } = await reader.databaseSize();
    const [newest] = await reader.listEvents({ limit: 1 });
    const { bavail, bsize } = await statfs(dirname(databaseFile));
    const size = `${(bytes / MIB).toFixed(1)} MiB`;
    const failed = (await reader.jobRuns()).filter(({ result }) => result === 'failed');
    return [
      ok('database', `${databaseFile}, ${size}`),
      judgeDisk(bavail * bsize, bytes, retention.databaseBytesMax),
      ...failed.map(({ name, detail }) =>
        warn('jobs', `${name} failed: ${detail}`, `sentrypeer-agent jobs run ${name}`),
      ),
      ...[judgeNewestEvent(newest?.receivedAtUs ?? null, nowUs)].filter((each) => each !== null),
    ];
  } finally {
    await reader.close();
  }
}

function judgeOpening(error: AgentError): Finding {
  if (error.code === 'DATABASE_MISSING')
    return ok('database', 'none yet: the first start makes it');
  return failed('database', error);
}
