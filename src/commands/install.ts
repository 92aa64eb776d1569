import { Flags } from '@oclif/core';
import { readFacts } from '../agent/install/facts.js';
import { planInstall } from '../agent/install/plan-install.js';
import { runSteps } from '../agent/install/run-steps.js';
import { PACKAGE_ROOT } from '../agent/package.js';
import { AgentCommand } from '../cli/agent-command.js';
import { renderStep, viewSteps, type StepsView } from '../cli/steps-view.js';

export default class Install extends AgentCommand {
  static override summary = 'Set the agent up as a service: user, folders, configuration, unit';
  static override description =
    'Typed twice it changes nothing. What belongs to another program is refused, never overwritten.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    'sudo <%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --prefix /tmp/image-root',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan and change nothing' }),
    prefix: Flags.string({
      default: '/',
      helpValue: 'DIR',
      description: 'root to install below; then no account is made and no service started',
    }),
  };

  async run(): Promise<StepsView> {
    const { flags } = await this.parse(Install);
    const dryRun = flags['dry-run'];
    const steps = planInstall({ prefix: flags.prefix, facts: readFacts(PACKAGE_ROOT) });
    const results = await runSteps(steps, {
      dryRun,
      print: (result) => {
        this.log(renderStep(result));
      },
    });
    if (!dryRun) this.log('\nNext: sentrypeer-agent status; protect your trunks with `protect` in');
    if (!dryRun) this.log('/etc/sentrypeer/sentrypeer.conf (a change is taken over at once).');
    return viewSteps(results, dryRun);
  }
}
