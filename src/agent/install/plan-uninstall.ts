import type { InstallFacts } from './facts.js';
import { isRealRoot, OUR_MARK, pathsBelow, planConditions } from './plan-install.js';
import { EXPIRY_TIMER, SERVICE_UNIT, SERVICE_USER, type Step } from './steps.js';

export interface UninstallOptions {
  readonly prefix: string;
  readonly facts: InstallFacts;
  /** true: configuration, data, logs and the account go as well. */
  readonly purge: boolean;
  /** Stops an agent that no unit runs; false when there is none. Not called with a prefix. */
  readonly stopAgent: () => Promise<boolean>;
  /** Takes our rules out of the firewall; false when there were none. Not called with a prefix. */
  readonly removeFirewall: () => Promise<boolean>;
}

/** What an uninstallation sees to, in order. */
export function planUninstall(options: UninstallOptions): readonly Step[] {
  const { prefix, facts, purge, stopAgent, removeFirewall } = options;
  const real = isRealRoot(prefix);
  const paths = pathsBelow(prefix);
  const live = real && facts.systemdRunning;
  const command = { kind: 'command', unless: null, lossWhenFailed: null } as const;
  return [
    ...planConditions(prefix, facts).slice(0, 1),
    ...(live
      ? [
          // The timer first: it must not bring back what is about to go.
          [EXPIRY_TIMER, paths.timer] as const,
          [SERVICE_UNIT, paths.unit] as const,
        ].map(([unit, file]) => ({
          ...command,
          words: ['systemctl', 'disable', '--now', '--quiet', unit] as const,
          when: 'always' as const,
          onlyWith: file,
        }))
      : []),
    ...(real
      ? [
          {
            kind: 'call',
            what: 'stop the agent that was started by hand',
            run: stopAgent,
          } as const,
          {
            kind: 'call',
            what: 'remove our rules from the firewall',
            run: removeFirewall,
          } as const,
        ]
      : []),
    { kind: 'remove', path: paths.timer, ours: OUR_MARK },
    { kind: 'remove', path: paths.expiryUnit, ours: OUR_MARK },
    { kind: 'remove', path: paths.unit, ours: OUR_MARK },
    ...(live ? forgetUnits() : []),
    { kind: 'remove', path: paths.command, ours: OUR_MARK },
    { kind: 'remove', path: paths.alias, ours: OUR_MARK },
    { kind: 'remove', path: paths.sysctl, ours: OUR_MARK },
    // What an installation that was killed leaves lies beside it.
    ...['', '.new', '.old'].map((more): Step => ({
      kind: 'remove',
      path: `${paths.program}${more}`,
      ours: { by: 'program' },
    })),
    ...(purge ? planPurge(real, paths) : []),
  ];
}

/** What systemd still knows of the units that are gone. */
function forgetUnits(): readonly Step[] {
  const rest = { kind: 'command', unless: null, lossWhenFailed: null, onlyWith: null } as const;
  return [
    { ...rest, words: ['systemctl', 'daemon-reload'], when: 'changed' },
    // Else one that had failed is listed until the next boot. A pattern may match nothing.
    { ...rest, words: ['systemctl', 'reset-failed', 'sentrypeer-agent*'], when: 'changed' },
  ];
}

/** Folders and the account only where an installation made them: others may keep things there too. */
function planPurge(real: boolean, paths: ReturnType<typeof pathsBelow>): readonly Step[] {
  return [
    { kind: 'remove', path: paths.configFile, ours: { by: 'configuration' } },
    { kind: 'remove', path: paths.configFolder, ours: { by: 'marker' } },
    { kind: 'remove', path: paths.stateFolder, ours: { by: 'marker' } },
    { kind: 'remove', path: paths.logFolder, ours: { by: 'marker' } },
    ...(real ? [{ kind: 'remove-user', name: SERVICE_USER } as const] : []),
  ];
}
