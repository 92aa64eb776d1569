import { join, resolve } from 'node:path';
import { renderConfig } from '../../config/render.js';
import type { Scope } from '../../core/model/block.js';
import { guessSipDomain, type InstallFacts } from './facts.js';
import {
  EXPIRY_TIMER,
  EXPIRY_UNIT,
  SERVICE_UNIT,
  SERVICE_USER,
  type Ownership,
  type Recognition,
  type Step,
} from './steps.js';

export interface InstallOptions {
  /** `/`, or the folder that stands for it: then no account is made and no service started. */
  readonly prefix: string;
  readonly facts: InstallFacts;
  /** Starts the service, or again when something has changed; false when it answers already. */
  readonly startService: (changed: boolean) => Promise<boolean>;
  /** Whether SentryPeer's command name leads here, too. */
  readonly alias?: boolean;
  /** What a configuration that is written anew blocks of an attacker; left out: the default. */
  readonly scope?: Scope;
}

/** Where things are put, below a prefix. */
export function pathsBelow(prefix: string) {
  const at = (path: string): string => join(resolve(prefix), path);
  return {
    program: at('/usr/lib/sentrypeer-agent'),
    command: at('/usr/local/bin/sentrypeer-agent'),
    alias: at('/usr/local/bin/sentrypeer'),
    configFolder: at('/etc/sentrypeer'),
    rulesFolder: at('/etc/sentrypeer/rules.d'),
    configFile: at('/etc/sentrypeer/sentrypeer.conf'),
    stateFolder: at('/var/lib/sentrypeer'),
    logFolder: at('/var/log/sentrypeer'),
    unit: at(`/etc/systemd/system/${SERVICE_UNIT}`),
    expiryUnit: at(`/etc/systemd/system/${EXPIRY_UNIT}`),
    timer: at(`/etc/systemd/system/${EXPIRY_TIMER}`),
    sysctl: at('/etc/sysctl.d/60-sentrypeer-agent.conf'),
  } as const;
}

/** Files that the installation writes carry this word, so that they are known again. */
export const OUR_MARK: Recognition = { by: 'text', text: '# sentrypeer-agent' };

/** The receive buffer, in bytes, that the drop-in allows. */
const RMEM_MAX_WANTED_BYTES = 4_194_304;

/** What an installation sees to, in order. Nothing is asked of the machine, and nothing is done. */
export function planInstall(options: InstallOptions): readonly Step[] {
  const { prefix, facts, startService, alias = false, scope = 'all' } = options;
  const real = isRealRoot(prefix);
  const paths = pathsBelow(prefix);
  // A drop-in that lowers what the operator has set higher would do harm at the next boot.
  const wantsBuffer = facts.rmemMaxBytes <= RMEM_MAX_WANTED_BYTES;
  return [
    ...planConditions(prefix, facts),
    ...(alias && real ? [needFreeName(facts)] : []),
    ...(real ? [{ kind: 'user', name: SERVICE_USER, home: paths.stateFolder } as const] : []),
    { kind: 'program', from: facts.sourceFolder, to: paths.program },
    ...[paths.command, ...(alias ? [paths.alias] : [])].map((path) =>
      shipped(path, renderCommand(facts.nodePath), 0o755, ownedBy(real, 'root', 'root')),
    ),
    ...planFolders(real, paths),
    {
      kind: 'file',
      path: paths.configFile,
      content: renderConfig({ sip_domain: guessSipDomain(facts.hostName), ...scopeTexts(scope) }),
      mode: 0o640,
      owner: ownedBy(real, 'root', SERVICE_USER),
      existing: 'keep',
      ours: { by: 'configuration' },
    },
    ...[
      [paths.unit, renderUnit(facts.unitTemplate, facts)] as const,
      [paths.expiryUnit, renderUnit(facts.expiryTemplate, facts)] as const,
      [paths.timer, facts.timerText] as const,
    ].map(([path, text]) => shipped(path, text, 0o644, ownedBy(real, 'root', 'root'))),
    ...(wantsBuffer
      ? [shipped(paths.sysctl, facts.sysctlText, 0o644, ownedBy(real, 'root', 'root'))]
      : []),
    ...(real && wantsBuffer ? [planSysctl(paths.sysctl)] : []),
    ...(real && facts.systemdRunning ? planService(startService) : []),
  ];
}

/** Most scans are UDP without proof: to be heard, they must not lose the SIP ports. */
const scopeTexts = (scope: Scope): Readonly<Record<string, string>> => ({
  'blocking.scope': scope,
  ...(scope === 'beside' ? { 'blocking.unproven': 'beside' } : {}),
});

/** What must hold before anything is touched. */
export function planConditions(prefix: string, facts: InstallFacts): readonly Step[] {
  if (!isRealRoot(prefix)) return [];
  const hidden = /^\/(root|home|run\/user)\//.test(facts.nodePath);
  return [
    {
      kind: 'require',
      what: 'root rights',
      ok: facts.isRoot,
      remedy: 'Type the same with sudo, or name another root with --prefix.',
    },
    {
      kind: 'require',
      what: `a Node that the service can reach (this one is ${facts.nodePath})`,
      ok: !hidden,
      remedy:
        'Install Node for all users (/usr/bin/node), and type the command with it: the service' +
        ' sees no home folder.',
    },
  ];
}

const needFreeName = (facts: InstallFacts): Step => ({
  kind: 'require',
  what: 'that no other program is named sentrypeer',
  ok: !facts.sentryPeerThere,
  remedy: '/usr/bin/sentrypeer would be hidden; leave --sentrypeer-alias out.',
});

/** The command as a script, because the Node of the installation need not be the first in PATH. */
export function renderCommand(nodePath: string): string {
  return [
    '#!/bin/sh',
    '# sentrypeer-agent',
    'here=$(dirname "$(readlink -f "$0")")',
    `exec '${nodePath.replaceAll("'", "'\\''")}' "$here/../../lib/sentrypeer-agent/bin/run.js" "$@"`,
    '',
  ].join('\n');
}

/** A unit for this Node. Paths in it are those of the running system, without a prefix. */
export function renderUnit(template: string, facts: InstallFacts): string {
  // systemd takes % for a specifier, and blanks for the end of a word.
  const node = `"${facts.nodePath.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
  return template
    .replace('`sentrypeer-agent install` fills in @NODE@ and @LIB@.', 'written by its install.')
    .replaceAll('@NODE@', () => (/^[\w./-]+$/.test(facts.nodePath) ? facts.nodePath : node))
    .replaceAll('@LIB@', '/usr/lib/sentrypeer-agent');
}

export const isRealRoot = (prefix: string): boolean => resolve(prefix) === '/';

const ownedBy = (real: boolean, user: string, group: string): Ownership | null =>
  real ? { user, group } : null;

function shipped(path: string, content: string, mode: number, owner: Ownership | null): Step {
  return { kind: 'file', path, content, mode, owner, existing: 'renew', ours: OUR_MARK };
}

/**
 * The configuration is root's, readable for the service through its group: a service that was taken
 * over must not be able to write down its own rules. Members of its group read the logs; the database
 * is its own, for whoever may read one in WAL mode can lock it.
 */
function planFolders(real: boolean, paths: ReturnType<typeof pathsBelow>): readonly Step[] {
  const read = ownedBy(real, 'root', SERVICE_USER);
  const write = ownedBy(real, SERVICE_USER, SERVICE_USER);
  return [
    { kind: 'folder', path: paths.configFolder, mode: 0o750, owner: read },
    { kind: 'folder', path: paths.rulesFolder, mode: 0o750, owner: read },
    { kind: 'folder', path: paths.stateFolder, mode: 0o700, owner: write },
    { kind: 'folder', path: paths.logFolder, mode: 0o750, owner: write },
    ...(write === null
      ? []
      : [paths.stateFolder, paths.logFolder].map(
          (path) => ({ kind: 'contents', path, owner: write }) as const,
        )),
  ];
}

function planSysctl(file: string): Step {
  return {
    kind: 'command',
    words: ['sysctl', '--quiet', '--load', file],
    unless: null,
    when: 'changed',
    onlyWith: null,
    lossWhenFailed: 'the larger receive buffer comes with the next boot',
  };
}

function planService(startService: InstallOptions['startService']): readonly Step[] {
  const rest = { kind: 'command', onlyWith: null, lossWhenFailed: null } as const;
  return [
    { ...rest, words: ['systemctl', 'daemon-reload'], unless: null, when: 'changed' },
    {
      ...rest,
      words: ['systemctl', 'enable', '--now', '--quiet', EXPIRY_TIMER],
      unless: ['systemctl', 'is-active', '--quiet', EXPIRY_TIMER],
      when: 'always',
      undo: ['systemctl', 'disable', '--now', '--quiet', EXPIRY_TIMER],
    },
    {
      ...rest,
      words: ['systemctl', 'enable', '--quiet', SERVICE_UNIT],
      unless: ['systemctl', 'is-enabled', '--quiet', SERVICE_UNIT],
      when: 'always',
      undo: ['systemctl', 'disable', '--quiet', SERVICE_UNIT],
    },
    {
      kind: 'call',
      what: `start ${SERVICE_UNIT} and wait until it answers`,
      run: startService,
    },
  ];
}
