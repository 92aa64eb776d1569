import { formatTime } from '../../api/views.js';
import { AgentError } from '../../core/common/errors.js';
import { step } from '../../core/step.js';
import type { EffectRunner } from '../effects.js';
import type { AgentContext } from '../agent-context.js';

/**
 * An enforcing start on trial: unless it is confirmed in time the agent takes its rules away and
 * observes, so that who locked himself out gets in again. `confirmS` null: no trial.
 */
export function startConfirmation(
  context: AgentContext,
  runner: EffectRunner,
  confirmS: number | null,
): void {
  const { nowUs, log, closers } = context;
  if (confirmS === null || !context.keeper.chosen.enforcing) return;
  context.confirmUntilUs = nowUs() + confirmS * 1_000_000;
  const timer = setTimeout(() => {
    if (context.confirmUntilUs === null) return;
    context.confirmUntilUs = null;
    goObserving(context, runner, 'not confirmed in time').catch((error: unknown) => {
      log.say(`the rules could not be taken away: ${String(error)}`);
    });
  }, confirmS * 1000);
  closers.add('confirmation', () => {
    clearTimeout(timer);
  });
  log.say(
    `blocking on trial until ${formatTime(context.confirmUntilUs)}: type ` +
      '`sentrypeer-agent confirm`, or it goes back to observing',
  );
}

/** Keeps the agent enforcing. Throws NOT_FOUND when there is nothing to confirm. */
export function confirm(context: AgentContext): void {
  if (context.confirmUntilUs === null) {
    throw new AgentError(
      'NOT_FOUND',
      'there is nothing to confirm: no start on trial is under way',
      'see `sentrypeer-agent status` for whether it enforces, and why not',
    );
  }
  context.confirmUntilUs = null;
  context.log.say('confirmed: the agent goes on blocking');
}

async function goObserving(
  context: AgentContext,
  runner: EffectRunner,
  cause: string,
): Promise<void> {
  const { state, nowUs, keeper } = context;
  state.settings = { ...state.settings, policy: { ...state.settings.policy, observing: true } };
  await keeper.standDown(`observing, not blocking: ${cause}; start again to enforce`);
  runner.run(step(state, { kind: 'stand-down' }, nowUs()), null);
}
