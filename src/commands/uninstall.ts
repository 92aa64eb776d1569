import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { readFacts } from '../agent/install/facts.js';
import { oneAtATime } from '../agent/install/one-at-a-time.js';
import { isRealRoot, pathsBelow } from '../agent/install/plan-install.js';
import { planUninstall } from '../agent/install/plan-uninstall.js';
import { runSteps } from '../agent/install/run-steps.js';
import { PACKAGE_ROOT } from '../agent/package.js';
import { asOwner } from '../agent/step-down.js';
import { stopAgent } from '../agent/control/stop-agent.js';
import { takeAwayFirewall } from '../agent/firewall/remove-firewall.js';
import { AgentCommand } from '../cli/agent-command.js';
import { renderStep, viewSteps, type StepsView } from '../cli/views/steps-view.js';

export default class Uninstall extends AgentCommand {
  static override summary = 'Take away what `install` set up, and our firewall rules';
  static override description =
    'Configuration, database and logs stay, unless --purge is given. Nothing of others is touched: ' +
    'a folder or an account that was there before the installation stays.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    'sudo <%= config.bin %> <%= command.id %>',
    'sudo <%= config.bin %> <%= command.id %> --purge',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan and change nothing' }),
    prefix: Flags.string({ default: '/', helpValue: 'DIR', description: 'root installed below' }),
    purge: Flags.boolean({ description: 'configuration, database, logs and the user as well' }),
  };

  async run(): Promise<StepsView> {
    const { flags } = await this.parse(Uninstall);
    const { prefix, purge } = flags;
    const dryRun = flags['dry-run'];
    const facts = readFacts(PACKAGE_ROOT);
    const stop = async (): Promise<boolean> => {
      const databaseFile = await this.databaseOf(flags.config);
      return asOwner({ databaseFile }, () => stopAgent(databaseFile));
    };
    const calls = { stopAgent: stop, removeFirewall: takeAwayFirewall };
    const plan = planUninstall({ prefix, facts, purge, ...calls });
    const run = () =>
      runSteps(plan, {
        dryRun,
        print: (result) => {
          this.log(renderStep(result));
        },
      });
    const alone = !dryRun && facts.isRoot && isRealRoot(prefix);
    const results = alone ? await oneAtATime(run) : await run();
    return viewSteps(results, dryRun);
  }

  /** What an installed agent has, also where its configuration is broken or gone; never a trial's. */
  private async databaseOf(config: string | undefined): Promise<string> {
    const loaded = await this.loadToFind(config).catch(() => null);
    const installed = join(pathsBelow('/').stateFolder, 'sentrypeer.db');
    return loaded === null || loaded.file === null ? installed : loaded.settings.databaseFile;
  }
}
