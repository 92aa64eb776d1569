import { changesNeedingRestart } from '../config/changes.js';
import type { LoadedSettings } from '../config/load.js';
import { watchFolder, watchSettings } from '../config/watch.js';
import { createProtectTable } from '../core/block/protect.js';
import { compileRules } from '../core/detect/detect.js';
import { AgentError } from '../core/model/errors.js';
import { chooseFirewall } from '../firewall/select.js';
import { loadAllRules } from './all-rules.js';
import type { AgentContext } from './context.js';
import { toCoreSettings } from './core-settings.js';
import { createFirewallKeeper } from './firewall-keeper.js';
import { gatherProtectedPeers } from './protected-peers.js';

export interface ConfigurationWatcher {
  readonly reload: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Follows the configuration file and the operator's rules while the agent runs. What is wrong with
 * either is said, and what was in force stays in force.
 */
export async function watchConfiguration(context: AgentContext): Promise<ConfigurationWatcher> {
  const { loaded, log } = context;
  const report = (problem: AgentError): void => {
    log.say(`not taken over, the old stays in force: ${problem.message} (${problem.remedy})`);
  };
  // One after the other: two changes of the file must not interleave.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> =>
    (last = last.then(work).catch((error: unknown) => {
      report(asAgentError(error));
    }));
  const files = await watchSettings(
    loaded,
    (next) => void inTurn(() => takeOverSettings(context, next)),
    report,
  );
  const takeRules = () => inTurn(() => takeOverRules(context));
  const rules = await watchFolder(loaded.settings.rulesDir, () => void takeRules(), report);
  return {
    reload: async () => {
      await files.reload();
      await takeRules();
      await inTurn(async () => context.certificate?.follow(context.loaded.settings));
      await inTurn(() => context.store.reopenLog());
    },
    close: async () => {
      await files.close();
      await rules.close();
      await last;
    },
  };
}

async function takeOverSettings(context: AgentContext, next: LoadedSettings): Promise<void> {
  const before = context.loaded.settings;
  const restart = changesNeedingRestart(before, next.settings);
  const { blocking } = next.settings;
  const chosen = await chooseFirewall(blocking);
  const { state, nowUs, log, keeper } = context;
  const { seed, answers } = state.settings;
  const { secret } = answers;
  await keeper.idle();
  if (keeper.chosen.enforcing && !chosen.enforcing) await keeper.chosen.firewall.remove();
  context.loaded = next;
  state.settings = toCoreSettings(next.settings, { secret, seed, observing: !chosen.enforcing });
  const protect = createProtectTable(gatherProtectedPeers(blocking.protect));
  state.blocks = { ...state.blocks, protect };
  const { sipPorts } = blocking;
  context.keeper = createFirewallKeeper({ chosen, state, sipPorts, nowUs, say: log.say });
  if (chosen.enforcing) await context.keeper.sync();
  await context.certificate?.follow(next.settings);
  const later =
    restart.length === 0 ? '' : `; takes effect at the next start: ${restart.join(', ')}`;
  log.say(`configuration taken over: ${chosen.why}${later}`);
}

async function takeOverRules(context: AgentContext): Promise<void> {
  const rules = await loadAllRules(context.loaded.settings.rulesDir);
  context.rules = rules;
  context.state.rules = compileRules(rules);
  context.log.say(`rules taken over: ${rules.length} in force`);
}

function asAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AgentError('INTERNAL', message, 'report it with the agent log', error);
}
