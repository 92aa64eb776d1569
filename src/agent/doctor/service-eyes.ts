import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedSettings } from '../../config/load.js';
import type { Who } from '../../core/model/access.js';
import { systemCode } from '../../store/database/files.js';
import { findWho } from '../access.js';
import { pathsBelow } from '../install/plan-install.js';
import { CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, readText, type ProcessRights } from './host.js';

/** What systemd makes of the unit and its drop-ins: by key, the values in order. */
export type UnitKeys = ReadonlyMap<string, readonly string[]>;

/** The service as the unit makes it; `who` null: its user does not exist. */
export interface ServiceEyes {
  readonly unit: string;
  readonly user: string;
  readonly who: Who | null;
  readonly keys: UnitKeys;
}

/** Null: no unit of this host runs the agent by this configuration. */
export function findService({ file }: LoadedSettings): ServiceEyes | null {
  const { unit } = pathsBelow('/');
  const text = readText(unit);
  if (file === null || text === null) return null;
  const keys = readUnit([text, ...dropInsOf(unit)]);
  const command = keys.get('ExecStart')?.join(' ') ?? '';
  if (!command.includes(`-c ${file}`)) return null;
  const user = lastOf(keys, 'User') ?? 'root';
  const more = (keys.get('SupplementaryGroups') ?? []).flatMap((names) => names.split(/\s+/));
  return { unit, user, who: findWho(user, lastOf(keys, 'Group'), more), keys };
}

function dropInsOf(unit: string): readonly string[] {
  const folder = `${unit}.d`;
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.conf'));
    return names.sort().map((name) => readText(join(folder, name)) ?? '');
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return [];
  }
}

/** The keys of the section [Service]; an empty value forgets those before it (systemd.unit(5)). */
export function readUnit(texts: readonly string[]): UnitKeys {
  const keys = new Map<string, string[]>();
  for (const text of texts) {
    let section = '';
    for (const line of text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((each) => each.trim())) {
      if (line.startsWith('[')) section = line;
      const equals = line.indexOf('=');
      if (section !== '[Service]' || equals < 1 || /^[#;]/.test(line)) continue;
      const key = line.slice(0, equals).trim();
      const value = line.slice(equals + 1).trim();
      if (value === '') keys.delete(key);
      else keys.set(key, [...(keys.get(key) ?? []), value]);
    }
  }
  return keys;
}

export const lastOf = (keys: UnitKeys, key: string): string | null => keys.get(key)?.at(-1) ?? null;

const FOLDERS_OF = {
  StateDirectory: '/var/lib',
  LogsDirectory: '/var/log',
  RuntimeDirectory: '/run',
  CacheDirectory: '/var/cache',
} as const;

const isBelow = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

const isOn = (value: string | null): boolean => /^(?:1|yes|true|on)$/i.test(value ?? 'no');

/** Why the sandbox of the unit keeps the service from a path; null: it does not. Pure. */
export function judgeSandbox(keys: UnitKeys, path: string, need: 'read' | 'write'): string | null {
  const allowed = writableOf(keys);
  const opened = allowed.some((folder) => isBelow(path, folder));
  const home = lastOf(keys, 'ProtectHome');
  const atHome = ['/home', '/root', '/run/user'].some((folder) => isBelow(path, folder));
  if (atHome && (isOn(home) || home === 'tmpfs')) {
    return `ProtectHome=${home ?? ''} hides it from the service`;
  }
  if (isOn(lastOf(keys, 'PrivateTmp')) && ['/tmp', '/var/tmp'].some((at) => isBelow(path, at))) {
    return 'PrivateTmp gives the service another /tmp than yours, which goes with it';
  }
  if (need === 'read' || opened) return null;
  if (atHome && home === 'read-only') return 'ProtectHome=read-only lets the service not write it';
  const system = lastOf(keys, 'ProtectSystem');
  const shut = { strict: ['/'], full: ['/usr', '/boot', '/efi', '/etc'], yes: ['/usr', '/boot'] };
  const folders =
    system === 'strict' || system === 'full' ? shut[system] : isOn(system) ? shut.yes : [];
  if (!folders.some((folder) => isBelow(path, folder))) return null;
  return `ProtectSystem=${system ?? ''} lets the service write only below ${allowed.join(', ')}`;
}

/** Folders that stay open under ProtectSystem. */
function writableOf(keys: UnitKeys): readonly string[] {
  const made = Object.entries(FOLDERS_OF).flatMap(([key, below]) =>
    wordsOf(keys, key).map((name) => join(below, name.split(':')[0] ?? name)),
  );
  return [...made, ...wordsOf(keys, 'ReadWritePaths').map((path) => path.replace(/^[-+]+/, ''))];
}

const wordsOf = (keys: UnitKeys, key: string): readonly string[] =>
  (keys.get(key) ?? []).flatMap((value) => value.split(/\s+/)).filter((word) => word !== '');

const CAPABILITIES: Readonly<Record<string, bigint>> = {
  CAP_NET_ADMIN,
  CAP_NET_BIND_SERVICE,
};

/** What the service may do beyond its user; `own` tells what of this host is the same for all. */
export function rightsOf({ keys, user }: ServiceEyes, own: ProcessRights): ProcessRights {
  const words = wordsOf(keys, user === 'root' ? 'CapabilityBoundingSet' : 'AmbientCapabilities');
  const all = user === 'root' && words.length === 0;
  const capabilities = words.reduce((sum, name) => sum | (1n << (CAPABILITIES[name] ?? 63n)), 0n);
  const files = lastOf(keys, 'LimitNOFILE')?.split(':').at(-1);
  return {
    ...own,
    who: 'the service',
    capabilities: all ? (1n << 63n) - 1n : capabilities,
    descriptorsMax: files === undefined ? null : files === 'infinity' ? 1_048_576 : Number(files),
  };
}
