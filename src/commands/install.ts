import { existsSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { readFacts } from '../agent/install/facts.js';
import { isRealRoot, pathsBelow, planInstall } from '../agent/install/plan-install.js';
import { oneAtATime } from '../agent/install/one-at-a-time.js';
import { openService } from '../agent/install/service.js';
import { runSteps } from '../agent/install/run-steps.js';
import { PACKAGE_ROOT } from '../agent/package.js';
import { AgentCommand } from '../cli/agent-command.js';
import { askScope } from '../cli/ask-scope.js';
import { renderStep, viewSteps, type StepsView } from '../cli/views/steps-view.js';
import { SCOPES, type Scope } from '../core/model/block.js';

export default class Install extends AgentCommand {
  static override summary = 'Set the agent up as a service: user, folders, configuration, unit';
  static override description =
    'Typed twice it changes nothing. What belongs to another program is refused, never overwritten. ' +
    'It waits until the service answers; when a step fails, everything is made as it was before. ' +
    'Who sits at the terminal is asked once what is to be blocked of an attacker; --scope says it. ' +
    'A configuration that is there already is kept.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    'sudo <%= config.bin %> <%= command.id %>',
    'sudo <%= config.bin %> <%= command.id %> --scope beside',
    '<%= config.bin %> <%= command.id %> --prefix /tmp/image-root',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan and change nothing' }),
    scope: Flags.option({ options: SCOPES })({
      description:
        'what is blocked of an attacker: all: everything, for a host with a PBX (default); sip: the SIP ' +
        'ports; beside: all but the trap, for a honeypot, which goes on answering him',
    }),
    'sentrypeer-alias': Flags.boolean({
      description: 'also the command name sentrypeer, where no SentryPeer is installed',
    }),
    prefix: Flags.string({
      default: '/',
      helpValue: 'DIR',
      description: 'root to install below; then no account is made and no service started',
    }),
  };

  async run(): Promise<StepsView> {
    const { flags } = await this.parse(Install);
    const dryRun = flags['dry-run'];
    const facts = readFacts(PACKAGE_ROOT);
    const mayDo = !dryRun && (facts.isRoot || !isRealRoot(flags.prefix));
    const scope = await this.chooseScope(flags.prefix, flags.scope, mayDo);
    const starts = isRealRoot(flags.prefix) && facts.systemdRunning;
    const service = await openService(starts);
    const steps = planInstall({
      prefix: flags.prefix,
      facts,
      startService: service.start,
      alias: flags['sentrypeer-alias'],
      scope,
    });
    const run = () =>
      runSteps(steps, {
        dryRun,
        afterUndo: service.putBack,
        print: (result) => {
          this.log(renderStep(result));
        },
      });
    const alone = !dryRun && facts.isRoot && isRealRoot(flags.prefix);
    const results = alone ? await oneAtATime(run) : await run();
    if (!dryRun) this.log(`\n${nextSteps(starts, flags.prefix)}`);
    return viewSteps(results, dryRun);
  }

  /** Asked for a configuration that is to be written; one that is there stays as it is. */
  private async chooseScope(
    prefix: string,
    given: Scope | undefined,
    mayDo: boolean,
  ): Promise<Scope> {
    const { configFile } = pathsBelow(prefix);
    if (given === undefined) {
      const asks = mayDo && !this.jsonEnabled() && !existsSync(configFile);
      return asks ? askScope() : 'all';
    }
    if (existsSync(configFile)) {
      this.logToStderr(
        `${configFile} is there and kept: write \`scope = ${given}\` in its section [blocking] yourself.`,
      );
    }
    return given;
  }
}

/** What to type after an installation. `started`: systemd runs the service. */
function nextSteps(started: boolean, prefix: string): string {
  const paths = pathsBelow('/');
  const protect = `Protect your trunks with \`protect\` in ${paths.configFile}`;
  if (started) {
    return (
      'It runs. Next: sentrypeer-agent doctor, which says what else keeps packets from it here\n' +
      `${protect} (a change is taken over at once).`
    );
  }
  const why = isRealRoot(prefix) ? 'systemd does not run here' : `it was put below ${prefix}`;
  return (
    `Nothing was started: ${why}. By hand, or from your own init:\n` +
    `  ${paths.command} run -c ${paths.configFile}\n${protect}.`
  );
}
