import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs of the lab, by the names that distributions give them. Debian's come first. */
const PROGRAMS = {
  ip: ['ip'],
  nft: ['nft'],
  ss: ['ss'],
  tcpdump: ['tcpdump'],
  ufw: ['ufw'],
  iptables: ['iptables-nft-restore'],
  unshare: ['unshare'],
  setpriv: ['setpriv'],
  svmap: ['svmap', 'sipvicious_svmap'],
  svwar: ['svwar', 'sipvicious_svwar'],
  svcrack: ['svcrack', 'sipvicious_svcrack'],
  sipp: ['sipp'],
  sipsak: ['sipsak'],
  openssl: ['openssl'],
  nmap: ['nmap'],
  baresip: ['baresip'],
  linphonec: ['linphonec'],
  python3: ['python3'],
  rsyslogd: ['rsyslogd'],
  journald: ['systemd-journald'],
  journalctl: ['journalctl'],
  systemd: ['systemd'],
  sqlite3: ['sqlite3'],
  jq: ['jq'],
  curl: ['curl'],
  aiosmtpd: ['aiosmtpd'],
  chromium: ['chromium-headless-shell', 'chromium'],
  chattr: ['chattr'],
  ipset: ['ipset'],
  crowdsec: ['crowdsec'],
  cscli: ['cscli'],
  'crowdsec-firewall-bouncer': ['crowdsec-firewall-bouncer'],
  promtool: ['promtool'],
  kamailio: ['kamailio'],
} as const satisfies Record<string, readonly string[]>;

/** Where packages.sh unpacks services that are not to be installed. */
const UNPACKED = ['/var/cache/sentrypeer-lab/usr/bin', '/var/cache/sentrypeer-lab/usr/sbin'];

export type LabProgram = keyof typeof PROGRAMS;

/** Whether the lab can work here. `note` names what is missing, '' when nothing is. */
export interface LabNeeds {
  readonly skip: boolean;
  readonly note: string;
}

/**
 * What a suite needs to run real programs in network namespaces: root, and the programs named (all
 * of the lab's when none is). For `describe.skipIf(needs.skip)(`… ${needs.note}`)`. In CI a missing
 * thing throws: a lab test left out there would be taken for a passed one.
 */
export function requireLab(programs: readonly LabProgram[] = allPrograms()): LabNeeds {
  const missing: string[] = process.getuid?.() === 0 ? [] : ['root'];
  const needed = new Set<LabProgram>(['ip', ...programs]);
  missing.push(...[...needed].filter((program) => findProgram(program) === null));
  if (missing.length === 0) return { skip: false, note: '' };
  const note = `(left out: needs ${missing.join(', ')})`;
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') {
    throw new Error(`lab tests must run in CI ${note}: test/lab/packages.sh installs the programs`);
  }
  return { skip: true, note };
}

/** The path of a program of the lab. Throws when it is not installed. */
export function programPath(program: LabProgram): string {
  const path = findProgram(program);
  if (path === null) throw new Error(`${program} is not installed: see test/lab/packages.sh`);
  return path;
}

function findProgram(program: LabProgram): string | null {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((each) => each !== '');
  for (const folder of [
    ...path,
    '/usr/sbin',
    '/sbin',
    '/usr/lib/systemd',
    '/lib/systemd',
    ...UNPACKED,
  ]) {
    for (const name of PROGRAMS[program]) {
      const file = join(folder, name);
      if (isExecutable(file)) return file;
    }
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Object.keys gives string[]; the keys of a const object are exactly its names.
const allPrograms = (): LabProgram[] => Object.keys(PROGRAMS) as LabProgram[];
