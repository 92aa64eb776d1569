import { Flags } from '@oclif/core';
import { readFacts } from '../agent/install/facts.js';
import { isRealRoot, pathsBelow, planInstall } from '../agent/install/plan-install.js';
import { oneAtATime } from '../agent/install/one-at-a-time.js';
import { openService } from '../agent/install/service.js';
import { runSteps } from '../agent/install/run-steps.js';
import { PACKAGE_ROOT } from '../agent/package.js';
import { AgentCommand } from '../cli/agent-command.js';
import { renderStep, viewSteps, type StepsView } from '../cli/steps-view.js';

export default class Install extends AgentCommand {
  static override summary = 'Set the agent up as a service: user, folders, configuration, unit';
  static override description =
    'Typed twice it changes nothing. What belongs to another program is refused, never overwritten. ' +
    'It waits until the service answers; when a step fails, everything is made as it was before.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    'sudo <%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --prefix /tmp/image-root',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan and change nothing' }),
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
    const starts = isRealRoot(flags.prefix) && facts.systemdRunning;
    const service = await openService(starts);
    const steps = planInstall({
      prefix: flags.prefix,
      facts,
      startService: service.start,
      alias: flags['sentrypeer-alias'],
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
