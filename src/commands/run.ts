import { Flags } from '@oclif/core';
import { startAgent, type RunningAgent } from '../agent/agent.js';
import { runDetached, tellParent } from '../agent/detach.js';
import { VERSION } from '../agent/package.js';
import { AgentCommand } from '../cli/agent-command.js';
import { programName, renderBanner } from '../cli/banner.js';
import { printEvent, type EventStyle } from '../cli/event-printer.js';
import { readDuration } from '../cli/read-duration.js';
import { AgentError } from '../core/model/errors.js';

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
    if (flags.detach) {
      await this.detach();
      return;
    }
    const loaded = await this.load(flags.config);
    const times = raw.filter((each) => each.type === 'flag' && each.flag === 'verbose').length;
    const verbosity = Math.max(times, loaded.settings.verbose ? 1 : 0);
    const style = styleOf(verbosity, this.jsonEnabled());
    const origin = { appVersion: VERSION, instanceId: '' };
    const agent = await startAgent({
      loaded,
      confirmS: flags.confirm === undefined ? null : readDuration(flags.confirm),
      print: (text) => {
        if (this.jsonEnabled()) this.logToStderr(text);
        else process.stdout.write(`${text}\n`);
      },
      onEvent: (record) => {
        printEvent(record, style, origin);
      },
    });
    const program = programName(process.argv[1] ?? '', process.cwd());
    const banner = renderBanner(agent, loaded, { version: VERSION, program });
    if (this.jsonEnabled()) this.logToStderr(banner);
    else this.log(banner);
    await tellParent(null);
    await untilStopped(agent);
  }

  protected override async catch(error: Error): Promise<never> {
    if (error instanceof AgentError) await tellParent(error);
    return super.catch(error);
  }

  private async detach(): Promise<void> {
    const args = this.argv.filter((arg) => arg !== '-d' && arg !== '--detach');
    const pid = await runDetached(process.argv[1] ?? '', ['run', ...args]);
    if (this.jsonEnabled()) this.logJson({ pid });
    else this.log(`running in the background, pid ${pid}; stop it with: kill ${pid}`);
  }
}

function styleOf(verbosity: number, json: boolean): EventStyle {
  if (json) return 'json';
  if (verbosity === 0) return 'none';
  return verbosity === 1 ? 'line' : 'message';
}

/** Resolves when a signal stopped the agent. A second signal while it stops changes nothing. */
function untilStopped(agent: RunningAgent): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      agent.stop().then(resolve, reject);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => void agent.reload());
  });
}
