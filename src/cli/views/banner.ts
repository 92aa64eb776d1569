import { dirname, relative } from 'node:path';
import type { RunningAgent } from '../../agent/agent.js';
import { pathsBelow } from '../../agent/install/plan-install.js';
import type { LoadedSettings } from '../../config/load.js';
import { renderPairs } from '../text/table.js';
import { describeMode } from '../text/words.js';

/** The first lines of `run`: where it listens, what it keeps, whether it blocks, what to type next. */
export function renderBanner(
  agent: RunningAgent,
  loaded: LoadedSettings,
  run: {
    readonly version: string;
    readonly program: string;
    /** true: a person sits before it, who can type. */
    readonly terminal: boolean;
    /** That of this user's trials, where there is one. */
    readonly trialDatabase: string | null;
  },
): string {
  const { file, trial } = loaded;
  const { version, program, terminal, trialDatabase } = run;
  const listening = agent.listening
    .map(({ transport, address, port }) => `${transport} ${showAddress(address)}:${port}`)
    .join(', ');
  const mode = agent.enforcing ? 'enforcing' : 'observing';
  const after = agent.enforcing ? `; ${trial ? TABLE_GOES : TABLE_STAYS}` : '';
  const config = file === null ? '' : ` -c ${file}`;
  const next = [
    'status',
    'events follow',
    'blocks list',
    'rules list',
    ...(trial ? ['install --dry-run'] : []),
  ];
  const pairs: [string, string][] = [
    ['listening', listening],
    ...describeApi(agent.apiUrl),
    ['keeps', describeKept(loaded)],
    ...describeEarlierTrial(loaded, trialDatabase),
    ['blocking', `${describeMode(mode, agent.why)}${after}`],
    ['protected', agent.protectedPeers.join(', ')],
    ...next.map((command, index): [string, string] => [
      index === 0 ? 'next, elsewhere' : '',
      `${program} ${command}${config}`,
    ]),
    ...(terminal ? [['stop', 'Ctrl-C'] as [string, string]] : []),
  ];
  const what = trial
    ? 'a trial: no configuration file, nothing outside its own folder'
    : `no trial: configuration ${file ?? ''}`;
  return `sentrypeer-agent ${version}, ${what}\n${renderPairs(pairs)}`;
}

const TABLE_GOES = 'the table goes when the agent stops';
const TABLE_STAYS = 'the table stays when the agent stops, and each block ends by itself';

/** With a file, be it of one line, what it does not name lies where an installation has it. */
function describeKept({ trial, settings }: LoadedSettings): string {
  if (trial) return dirname(settings.databaseFile);
  return `${settings.databaseFile}, logs in ${dirname(settings.logFile)}`;
}

/** Who gave a trial its first file wonders where all that it had seen has gone. */
function describeEarlierTrial(
  { trial, settings }: LoadedSettings,
  trialDatabase: string | null,
): [string, string][] {
  if (trial || trialDatabase === null || trialDatabase === settings.databaseFile) return [];
  return [['not read', `${trialDatabase} of your trials, which are those without a file`]];
}

const showAddress = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** How this program was called, as a person would type it again in the same folder. */
export function programName(script: string, cwd: string): string {
  // Through the command that an installation made, which is in the path.
  if (dirname(dirname(script)) === pathsBelow('/').program) return 'sentrypeer-agent';
  const near = relative(cwd, script);
  if (near.startsWith('..')) return script.endsWith('/bin/run.js') ? script : 'sentrypeer-agent';
  return near.includes('/') ? near : `./${near}`;
}

const describeApi = (url: string | null): [string, string][] =>
  url === null
    ? []
    : [
        ['dashboard', `${url}/`],
        ['HTTP API', `${url}/api/docs`],
      ];
