import { Args } from '@oclif/core';
import type { AlertTest } from '../../api/views.js';
import { noTarget } from '../../agent/control/alert-calls.js';
import { AgentCommand } from '../../cli/agent-command.js';

export default class AlertsTest extends AgentCommand {
  static override summary =
    'Send a test to one target of the alerts, or to all, and show what came of it';
  static override description =
    'Past the queue, at once: what does not arrive is shown, and not tried again. Exit code 1 when one fails.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> slack',
  ];
  static override args = {
    target: Args.string({ description: 'as `alerts list` names it; all without it' }),
  };

  async run(): Promise<{ tests: readonly AlertTest[] }> {
    const { args, flags } = await this.parse(AlertsTest);
    const loaded = await this.loadToFind(flags.config);
    const { mailTo, webhooks, command } = loaded.settings.alerts;
    // Before anything is opened: without a target nothing may be left behind.
    if (mailTo.length + webhooks.length === 0 && command === null) throw noTarget();
    const name = args.target ?? null;
    const tests = await this.withAgent(loaded, (calls) => calls.testAlerts(name), 'write');
    for (const { target, place, error } of tests)
      this.log(`${target}: ${error === null ? 'taken' : `NOT TAKEN, ${error}`} (${place})`);
    if (tests.some(({ error }) => error !== null)) process.exitCode = 1;
    return { tests };
  }
}
