import { isDeepStrictEqual } from 'node:util';
import { changedKeys, changesNeedingRestart } from '../config/changes.js';
import type { LoadedSettings } from '../config/load.js';
import { watchFolder, watchSettings } from '../config/watch.js';
import { compileRules } from '../core/detect/detect.js';
import { AgentError, messageOf } from '../core/common/errors.js';
import { loadAllRules } from './all-rules.js';
import type { ChosenFirewall } from '../firewall/select.js';
import { toCoreSettings } from './core-settings.js';
import type { EffectRunner } from './effects.js';
import { chooseFor, keeperFor } from './firewall/open-keeper.js';
import { renewPeers } from './peers/renew-peers.js';
import { withPort } from './other-port.js';
import type { AgentContext } from './agent-context.js';

export interface ConfigurationWatcher {
  readonly reload: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Follows the configuration file and the operator's rules while the agent runs. What is wrong with
 * either is said, and what was in force stays in force.
 */
export async function watchConfiguration(
  context: AgentContext,
  runner: EffectRunner,
): Promise<ConfigurationWatcher> {
  const { loaded, log } = context;
  const report = (what: keyof AgentContext['faults'] | null, problem: AgentError): void => {
    if (what !== null) context.faults[what] = problem.message;
    log.say(`not taken over, the old stays in force: ${problem.message} (${problem.remedy})`);
  };
  // One after the other: two changes of the file must not interleave.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (
    what: keyof AgentContext['faults'] | null,
    work: () => Promise<void>,
  ): Promise<void> =>
    (last = last.then(work).then(
      () => {
        if (what !== null) context.faults[what] = null;
      },
      (error: unknown) => {
        report(what, asAgentError(error));
      },
    ));
  const files = await watchSettings(
    loaded,
    (next) => void inTurn('configuration', () => takeOverSettings(context, runner, next)),
    (problem) => {
      report('configuration', problem);
    },
    {
      inForce: () => context.loaded,
      onRight: () => {
        context.faults.configuration = null;
        log.say(`the configuration ${loaded.file ?? ''} is right again`);
      },
    },
  );
  const takeRules = () => inTurn('rules', () => takeOverRules(context));
  const rules = await watchFolder(
    loaded.settings.rulesDir,
    () => void takeRules(),
    (problem) => {
      report('rules', problem);
    },
  );
  return {
    reload: async () => {
      await files.reload();
      await takeRules();
      await inTurn(null, async () => context.certificate?.follow(context.loaded.settings));
      await inTurn(null, async () => context.api?.follow());
      await inTurn(null, () => context.store.reopenLog());
    },
    close: async () => {
      await files.close();
      await rules.close();
      await last;
    },
  };
}

async function takeOverSettings(
  context: AgentContext,
  runner: EffectRunner,
  read: LoadedSettings,
): Promise<void> {
  const before = context.loaded.settings;
  // The PBX has it still, and the trap keeps its sockets.
  const stays = read.settings.listenPort === context.movedFrom;
  const next = stays ? withPort(read, context.startedWith.listenPort) : read;
  if (changedKeys(before, next.settings).length === 0) return;
  const known = context.loaded.notices;
  const restart = changesNeedingRestart(before, next.settings);
  const chosen = await chooseFor(next);
  const { state, log, keeper, nowUs, reader } = context;
  refuseHiccup(before, next, keeper.chosen, chosen);
  const { seed, answers } = state.settings;
  const { secret } = answers;
  await keeper.close();
  const drops = await reader.activeDrops(nowUs());
  context.loaded = next;
  state.settings = toCoreSettings(next.settings, { secret, seed, observing: !chosen.enforcing });
  context.keeper = keeperFor(context, chosen, drops);
  // What the old backend wrote goes only once the new one stands.
  if (chosen.enforcing) await context.keeper.sync();
  await context.certificate?.follow(next.settings);
  await renewPeers(context, runner);
  await followApi(context);
  await context.alerts?.follow();
  context.crowdsec?.follow();
  await context.sensors?.follow();
  await context.hepOut?.follow();
  if (keeper.chosen.enforcing && keeper.chosen.firewall.name !== chosen.firewall.name) {
    await keeper.remove();
  }
  const later =
    restart.length === 0 ? '' : `; takes effect at the next start: ${restart.join(', ')}`;
  log.say(`configuration taken over: ${chosen.why}${later}`);
  for (const notice of next.notices) if (!known.includes(notice)) log.say(notice);
}

/** All else is in force whether the API can go where it is asked to or not. */
async function followApi({ api, log }: AgentContext): Promise<void> {
  const before = api?.url() ?? null;
  try {
    await api?.follow();
  } catch (error) {
    const { message, remedy } = asAgentError(error);
    log.say(`the HTTP API stays as it was: ${message} (${remedy})`);
    return;
  }
  const now = api?.url() ?? null;
  if (now !== before)
    log.say(now === null ? 'the HTTP API is closed' : `the HTTP API is at ${now}`);
}

/**
 * A firewall that works and does not answer just now is no reason to take the rules away: nothing
 * of the change is taken over then.
 */
function refuseHiccup(
  before: LoadedSettings['settings'],
  next: LoadedSettings,
  inForce: ChosenFirewall,
  chosen: ChosenFirewall,
): void {
  const { mode, backend } = next.settings.blocking;
  const same = before.blocking.mode === mode && before.blocking.backend === backend;
  if (!same || !inForce.enforcing || chosen.enforcing) return;
  throw new AgentError(
    'FIREWALL_FAILED',
    `the firewall cannot be used just now: ${chosen.why}`,
    'save the configuration again once it can',
  );
}

async function takeOverRules(context: AgentContext): Promise<void> {
  const rules = await loadAllRules(context.loaded.settings.rulesDir);
  if (isDeepStrictEqual(rules, context.rules)) {
    context.log.say(`rules unchanged: ${rules.length} in force`);
    return;
  }
  context.rules = rules;
  context.state.rules = compileRules(rules);
  context.log.say(`rules taken over: ${rules.length} in force`);
}

function asAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const message = messageOf(error);
  return new AgentError('INTERNAL', message, 'report it with the agent log', error);
}
