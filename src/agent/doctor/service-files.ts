import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import type { LoadedSettings } from '../../config/load.js';
import {
  describeBarrier,
  openingCommand,
  type Barrier,
  type Need,
  type Who,
} from '../../core/model/access.js';
import { systemCode } from '../../store/database/files.js';
import { barrierFor, openSandbox } from '../access.js';
import { fail, ok, type Finding } from './finding.js';
import { judgeSandbox, lastOf, type ServiceEyes } from './service-eyes.js';

export interface Wanted {
  readonly path: string;
  readonly need: Need;
}

/** What the kernel said to a process of that user; null: it was not asked. */
export type Tried = Readonly<Record<string, boolean>> | null;

/**
 * Whether the service, with its user, groups and sandbox, gets at all that it needs. Root's own eyes
 * see everything, which is why a file that only root may read looks good to them.
 */
export async function examineServiceFiles(
  loaded: LoadedSettings,
  service: ServiceEyes,
): Promise<readonly Finding[]> {
  const { who, unit, user } = service;
  if (who === null) {
    return [fail('service files', `${unit} names the user ${user}: there is none`, INSTALL)];
  }
  const wanted = wantedFiles(loaded, service);
  const tried = process.getuid?.() === 0 ? await tryAs(who, wanted) : null;
  const barrier = (path: string, need: Need): Barrier | null => barrierFor(path, who, need);
  return judgeServiceFiles(service, who, wanted, { tried, barrier });
}

const shutFinding = (path: string, folder: string, shut: string): Finding => {
  const remedy = /^Protect(?:System|Home=read)/.test(shut)
    ? openSandbox(folder)
    : 'move it to a folder below /etc/sentrypeer or /var/lib/sentrypeer, and name it anew';
  return fail('service files', `${path}: ${shut}`, remedy);
};

const INSTALL = 'sentrypeer-agent install makes it';

/** Pure but for `barrier`, which looks at the mode bits. */
export function judgeServiceFiles(
  { keys, unit }: ServiceEyes,
  who: Who,
  wanted: readonly Wanted[],
  by: {
    readonly tried: Tried;
    readonly barrier: (path: string, need: Need) => Barrier | null;
  },
): readonly Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { path, need } of wanted) {
    const shut = judgeSandbox(keys, path, need);
    if (shut !== null) {
      // One line for a folder, whatever lies in it.
      const folder = wanted.some((other) => dirname(other.path) === path) ? path : dirname(path);
      if (!seen.has(`${folder} ${need}`)) findings.push(shutFinding(path, folder, shut));
      seen.add(`${folder} ${need}`);
      continue;
    }
    if (by.tried?.[path] === true) continue;
    const barrier = by.barrier(path, need);
    if (barrier === null && by.tried?.[path] !== false) continue;
    const [what, remedy] =
      barrier === null
        ? [
            `${path}: user ${who.user} may not ${need} it, though its mode lets`,
            'see getfacl and the log of SELinux or AppArmor',
          ]
        : [describeBarrier(barrier, who), openingCommand(barrier, who) ?? `see ${unit}`];
    if (seen.has(what)) continue;
    seen.add(what);
    findings.push(fail('service files', what, remedy));
  }
  if (findings.length > 0) return findings;
  return [ok('service files', `user ${who.user} gets at all ${wanted.length} paths`)];
}

/** Those that are there; of those that are not, the folder that they will be made in. */
export function wantedFiles({ settings, file }: LoadedSettings, service: ServiceEyes): Wanted[] {
  const { databaseFile, logFile, jsonLogFile, controlSocket, rulesDir, retention } = settings;
  const read = [
    file,
    ...listIn(rulesDir, (name) => name.endsWith('.yaml') || name === 'passwords.txt'),
    settings.tlsCertificateFile,
    settings.tlsKeyFile,
    settings.geoipAsnFile,
    settings.geoipCountryFile,
    settings.syslogCaFile,
    settings.syslogCertificateFile,
    settings.syslogKeyFile,
    ...(lastOf(service.keys, 'ExecStart') ?? '')
      .split(/\s+/)
      .filter((word) => word.startsWith('/')),
  ];
  const state = dirname(databaseFile);
  const ours = new Set(['secret', 'instance_id', 'tls.pem']);
  const isOurs = (name: string): boolean =>
    name.startsWith(basename(databaseFile)) || ours.has(name);
  const write = [
    state,
    databaseFile,
    ...listIn(state, isOurs),
    dirname(logFile),
    logFile,
    jsonLogFile,
    ...[controlSocket].filter((path) => existsSync(dirname(path))).map(dirname),
    ...[retention.backupDir].filter((path) => path !== null && path !== ''),
  ];
  const found = [
    ...read.map((path) => ({ path, need: 'read' as const })),
    ...write.map((path) => ({ path, need: 'write' as const })),
  ].flatMap(({ path, need }) => (path === null || path === '' ? [] : [{ path, need }]));
  const byPath = new Map(found.map((each) => [each.path, each]));
  return [...byPath.values()].filter(({ path, need }) => need === 'write' || existsSync(path));
}

function listIn(folder: string, isWanted: (name: string) => boolean): readonly string[] {
  try {
    return [
      folder,
      ...readdirSync(folder)
        .filter(isWanted)
        .map((name) => join(folder, name)),
    ];
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return existsSync(folder) ? [folder] : [];
  }
}

/** Becomes that user and asks the kernel, which knows access lists and security modules as well. */
const TRY = `
const fs = require('fs'); const { uid, gids, wanted } = JSON.parse(fs.readFileSync(0, 'utf8'));
process.setgroups(gids); process.setgid(gids[0]); process.setuid(uid);
const out = {};
for (const { path, need } of wanted) {
  const bits = need === 'write' ? 6 : 4;
  try { fs.accessSync(path, bits); out[path] = true; }
  catch (e) { if (e.code === 'EACCES' || e.code === 'EPERM') out[path] = false; }
}
process.stdout.write(JSON.stringify(out));`;

async function tryAs({ uid, gids }: Who, wanted: readonly Wanted[]): Promise<Tried> {
  const { stdout, failed } = await execa(process.execPath, ['-e', TRY], {
    input: JSON.stringify({ uid, gids, wanted }),
    cwd: '/',
    timeout: 5_000,
    reject: false,
  });
  // Our own program's words; where it could not become that user, the mode bits are what is left.
  return failed ? null : (JSON.parse(stdout) as Tried);
}
