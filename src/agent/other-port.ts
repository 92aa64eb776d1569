import { readdirSync, readFileSync } from 'node:fs';
import type { LoadedSettings } from '../config/load.js';
import {
  findTaken,
  readBoundSockets,
  wantedSockets,
  type BoundSocket,
  type WantedSocket,
} from './doctor/ports.js';

/** Programs that a host has port 5060 for, by the name of their process. */
const PBX_PROGRAMS: readonly string[] = ['asterisk', 'freeswitch', 'kamailio', 'opensips'];

/** What is looked at of this host. */
export interface PortHost {
  /** null: it cannot be told. */
  readonly bound: () => readonly BoundSocket[] | null;
  /** Names of the processes that run. */
  readonly programs: () => readonly string[];
}

const THIS_HOST: PortHost = { bound: readBoundSockets, programs: runningPrograms };

/**
 * The settings with another port for the trap, where a PBX has the one that they name: a host that has
 * one is the usual case. Its port stays among the SIP ports, so that blocks close it. Null: the port is
 * free, or it is no PBX that has it, or none of `other_ports` is free.
 */
export function findOtherPort(
  loaded: LoadedSettings,
  host: PortHost = THIS_HOST,
): LoadedSettings | null {
  const { settings } = loaded;
  const bound = host.bound();
  if (bound === null || isFree(loaded, settings.listenPort, bound)) return null;
  const pbx = PBX_PROGRAMS.find((name) => host.programs().includes(name));
  if (pbx === undefined) return null;
  const port = settings.otherPorts.find((each) => isFree(loaded, each, bound));
  if (port === undefined) return null;
  const notice =
    `port ${settings.listenPort} is in use, and ${pbx} runs on this host: the trap listens on ` +
    `port ${port}. docs/PBX.md says how the PBX itself is watched`;
  return { ...withPort(loaded, port), notices: [...loaded.notices, notice] };
}

/** The same settings with another port for the trap; the old one stays a SIP port. */
export function withPort(loaded: LoadedSettings, port: number): LoadedSettings {
  const { settings } = loaded;
  const { blocking, listenPort } = settings;
  const sipPorts = [...new Set([...blocking.sipPorts, listenPort, port])];
  const sipPortWords = [...new Set([...blocking.sipPortWords, listenPort])];
  return {
    ...loaded,
    settings: { ...settings, listenPort: port, blocking: { ...blocking, sipPorts, sipPortWords } },
  };
}

function isFree(
  { settings }: LoadedSettings,
  port: number,
  bound: readonly BoundSocket[],
): boolean {
  const wanted = wantedSockets({ ...settings, listenPort: port }).filter(
    ({ transport }: WantedSocket) => transport === 'udp' || transport === 'tcp',
  );
  return wanted.every((each) => findTaken(bound, each).length === 0);
}

function runningPrograms(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}
