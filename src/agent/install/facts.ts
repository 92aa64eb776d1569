import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { AgentError } from '../../core/common/errors.js';

/** What a plan depends on, read once so that planning itself asks nothing. */
export interface InstallFacts {
  readonly isRoot: boolean;
  /** systemd is the running init system. */
  readonly systemdRunning: boolean;
  readonly nodePath: string;
  readonly hostName: string;
  /** Whether a SentryPeer of another package has the command name that the alias would hide. */
  readonly sentryPeerThere: boolean;
  /** Bytes; 0 when the kernel does not tell. */
  readonly rmemMaxBytes: number;
  /** The folder of this program: it holds bin, dist, node_modules. */
  readonly sourceFolder: string;
  /** systemd/sentrypeer-agent.service, with its placeholders. */
  readonly unitTemplate: string;
  /** The same of what ends blocks while the agent is down, and its timer. */
  readonly expiryTemplate: string;
  readonly timerText: string;
  /** packaging/60-sentrypeer-agent.conf. */
  readonly sysctlText: string;
}

/** Reads the facts of this machine. Throws AgentError INSTALL_FAILED when the program is not whole. */
export function readFacts(sourceFolder: string): InstallFacts {
  const folder = resolve(sourceFolder);
  return {
    isRoot: process.getuid?.() === 0,
    // The test that sd_booted(3) makes.
    systemdRunning: statSync('/run/systemd/system', { throwIfNoEntry: false }) !== undefined,
    nodePath: process.execPath,
    hostName: hostname(),
    sentryPeerThere: existsSync('/usr/bin/sentrypeer'),
    rmemMaxBytes: readRmemMax(),
    sourceFolder: folder,
    unitTemplate: readShipped(folder, 'systemd/sentrypeer-agent.service'),
    expiryTemplate: readShipped(folder, 'systemd/sentrypeer-agent-expiry.service'),
    timerText: readShipped(folder, 'systemd/sentrypeer-agent-expiry.timer'),
    sysctlText: readShipped(folder, 'packaging/60-sentrypeer-agent.conf'),
  };
}

function readShipped(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (error) {
    throw new AgentError(
      'INSTALL_FAILED',
      `${join(folder, name)}, a part of this program, cannot be read`,
      'Fetch the program again.',
      error,
    );
  }
}

function readRmemMax(): number {
  const file = '/proc/sys/net/core/rmem_max';
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return 0;
  const bytes = Number(readFileSync(file, 'utf8'));
  return Number.isSafeInteger(bytes) ? bytes : 0;
}

/**
 * A realm that a scanner takes for somebody's PBX: the domain of this host where it has one, else
 * its name in the usual private domain. Public because `config init` asks for the same.
 */
export function guessSipDomain(hostName: string): string {
  const labels = hostName
    .toLowerCase()
    .split('.')
    .filter((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (labels.length >= 3) return labels.slice(1).join('.');
  if (labels.length === 2) return labels.join('.');
  const [name] = labels;
  return name === undefined || name === 'localhost' ? 'pbx.local' : `${name}.local`;
}
