import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Flags } from '@oclif/core';
import { explainDenied } from '../agent/access.js';
import { startAgent } from '../agent/agent.js';
import { runDetached, tellParent } from '../agent/detach.js';
import { VERSION } from '../agent/package.js';
import { loadInstanceId } from '../agent/state/secret.js';
import { findServiceManager } from '../agent/service-manager.js';
import { stepDownToRun } from '../agent/step-down.js';
import { AgentCommand } from '../cli/agent-command.js';
import { programName, renderBanner } from '../cli/views/banner.js';
import { createEventPrinter, type EventStyle } from '../cli/views/event-printer.js';
import { readDuration } from '../core/common/read-duration.js';
import { writeGathered } from '../cli/text/write-gathered.js';
import { fileExists, trialFolder } from '../config/resolve.js';
import { AgentError } from '../core/common/errors.js';
import { safeOutput } from '../core/common/text.js';

export default class Run extends AgentCommand {
  static override summary = 'Run the agent: trap, detection and blocking';
  static override description =
    'Without a configuration file it is a trial: everything is kept in the state folder of this ' +
    'user, and its firewall table is taken away when it stops. Ctrl-C or SIGTERM stops it with ' +
    'nothing lost; SIGHUP reads the configuration again. With --json it prints one object an event.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -v',
    '<%= config.bin %> <%= command.id %> -c /etc/sentrypeer/sentrypeer.conf -d',
    '<%= config.bin %> <%= command.id %> --json | logger -t sentrypeer',
  ];
  static override flags = {
    verbose: Flags.boolean({
      char: 'v',
      description: 'one line an event; -vv: the message as well',
    }),
    confirm: Flags.string({
      helpValue: 'DURATION',
      description: 'block on trial: back to observing after 5m, say, unless `confirm` is typed',
    }),
    detach: Flags.boolean({ char: 'd', description: 'go to the background once it runs' }),
  };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Run);
    // A detached agent is started with the same words, and has a parent that waits for its word.
    if (flags.detach && process.send === undefined) {
      await this.detach();
      return;
    }
    const signals = catchSignals();
    const loaded = await this.load(flags.config);
    stepDownToRun(loaded.settings);
    const times = raw.filter((each) => each.type === 'flag' && each.flag === 'verbose').length;
    const verbosity = Math.max(times, loaded.settings.verbose ? 1 : 0);
    const style = styleOf(verbosity, this.jsonEnabled());
    const instanceId = style === 'json' ? await loadInstanceId(loaded.settings.databaseFile) : '';
    // With --json stdout is for events alone, and oclif's own way to stderr is silent then.
    const words = style === 'json' ? process.stderr : process.stdout;
    const print = (text: string): void => {
      writeGathered(words, `${safeOutput(text)}\n`);
    };
    const agent = await startAgent({
      loaded,
      confirmS: flags.confirm === undefined ? null : readDuration(flags.confirm, '--confirm'),
      print,
      onEvent: createEventPrinter(style, { appVersion: VERSION, instanceId }),
    });
    // Young objects are few: to wake four threads for them costs more than it saves. Not before all is
    // loaded, for the bytecode that the build kept is of other flags.
    setFlagsFromString('--no-parallel-scavenge');
    const program = programName(process.argv[1] ?? '', process.cwd());
    const terminal = process.stdout.isTTY;
    const ofTrials = join(trialFolder(process.env), 'sentrypeer.db');
    const trialDatabase = fileExists(ofTrials) ? ofTrials : null;
    print(renderBanner(agent, loaded, { version: VERSION, program, terminal, trialDatabase }));
    const manager = findServiceManager(process.env, print);
    await manager.ready(agent.enforcing ? 'listening, blocking' : 'listening, observing');
    await tellParent(null);
    signals.onHangup(agent.reload);
    // Without memory it must not go on: whoever watches the service starts it again.
    const broken = await Promise.race([signals.stop, agent.broken]);
    manager.stopping();
    await agent.stop();
    if (broken !== undefined) throw broken;
  }

  protected override async catch(error: Error): Promise<never> {
    if (error instanceof AgentError) await tellParent(explainDenied(error));
    return super.catch(error);
  }

  private async detach(): Promise<void> {
    const pid = await runDetached(process.argv[1] ?? '', ['run', ...this.argv]);
    if (this.jsonEnabled()) this.logJson({ pid });
    else this.log(`running in the background, pid ${pid}; stop it with: kill ${pid}`);
  }
}

function styleOf(verbosity: number, json: boolean): EventStyle {
  if (json) return 'json';
  if (verbosity === 0) return 'none';
  return verbosity === 1 ? 'line' : 'message';
}

interface Signals {
  /** Resolves at the first SIGTERM or SIGINT; further ones change nothing. */
  readonly stop: Promise<undefined>;
  /** What SIGHUP does; before it is known, and once the stop began, SIGHUP does nothing. */
  readonly onHangup: (reload: () => Promise<void>) => void;
}

/** From the first moment on, so that a signal during the start ends it in order, too. */
function catchSignals(): Signals {
  let hangup: (() => Promise<void>) | null = null;
  const stop = new Promise<undefined>((resolve) => {
    const end = (): void => {
      hangup = null;
      resolve(undefined);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  });
  process.on('SIGHUP', () => void hangup?.());
  return {
    stop,
    onHangup: (reload) => {
      hangup = reload;
    },
  };
}
