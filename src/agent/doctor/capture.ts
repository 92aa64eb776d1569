import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config/schema.js';
import { fail, ok, unknown, warn, AS_ROOT, type Finding } from './finding.js';
import { hasCapability, type ProcessRights } from './host.js';

const CAP_NET_RAW = 13n;

/** What a capture needs on this host. */
export interface CapturePlace {
  readonly installed: boolean;
  /** The interface is there. */
  readonly present: boolean;
}

export function examineCapture({ capture }: Settings, rights: ProcessRights): readonly Finding[] {
  const { interface: name, program } = capture;
  if (name === null) return [];
  const present = name === 'any' || existsSync(join('/sys/class/net', name));
  return [judgeCapture(capture, rights, { installed: isInstalled(program), present })];
}

export function judgeCapture(
  { interface: name, program }: Pick<Settings['capture'], 'interface' | 'program'>,
  { who, capabilities }: ProcessRights,
  { installed, present }: CapturePlace,
): Finding {
  const check = 'capture';
  if (!installed) return fail(check, `${program} is not installed`, `apt install ${OF[program]}`);
  if (!present) {
    const remedy = 'name another interface in [capture]: `ip link` lists them';
    return warn(check, `there is no interface ${name ?? ''} now`, remedy);
  }
  // A dumpcap that is installed for ordinary users has the right by itself.
  if (program === 'dumpcap') return ok(check, `${program} on ${name ?? ''}`);
  if (capabilities === null) return unknown(check, `what ${who} may do cannot be read`, AS_ROOT);
  if (hasCapability(capabilities, CAP_NET_RAW)) return ok(check, `${program} on ${name ?? ''}`);
  return fail(
    check,
    `${who} has no CAP_NET_RAW, without which ${program} captures nothing`,
    'start it as root, or give the unit that right: docs/PBX.md, "Capture"',
  );
}

/** Debian's packages. */
const OF = { tcpdump: 'tcpdump', dumpcap: 'wireshark-common' } as const;

/** Where the agent looks for it (sensors/capture). */
function isInstalled(program: string): boolean {
  const folders = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':');
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this one.
      return false;
    }
  });
}
