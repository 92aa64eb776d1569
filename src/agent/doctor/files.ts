import type { Stats } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LoadedSettings } from '../../config/load.js';
import { formatTime } from '../../api/views.js';
import { AgentError } from '../../core/model/errors.js';
import { openReader, type Reader } from '../../store/reader.js';
import { AS_ROOT, fail, failed, ok, unknown, warn, type Finding } from './finding.js';

/** A path that must not be open to others; `bitsMax` is the most that its mode may have. */
interface Private {
  readonly path: string;
  readonly bitsMax: number;
}

type Facts = Pick<Stats, 'mode' | 'uid' | 'gid'>;

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
    findings.push(warn('files', what, `chmod ${octal(mode & bitsMax)} ${path}`));
  }
  if (byFolder) findings.push(...(await judgeOwner(loaded, lookAt)));
  if (denied.length > 0) {
    findings.push(unknown('files', `this user may not look at ${denied.join(', ')}`, AS_ROOT));
  }
  if (findings.length > 0) return findings;
  return [ok('files', seen === 0 ? 'none yet' : `the rights of ${seen} paths are as meant`)];
}

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
    findings.push(fail('files', what, `chown -h ${folder.uid}:${folder.gid} ${path}`));
  }
  return findings;
}

const lookAtPath: LookAt = async (path) => {
  try {
    return await stat(path);
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
