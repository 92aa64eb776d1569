import type { AgentCalls } from '../../api/calls.js';
import type { LoadedSettings } from '../../config/load.js';
import { createRunner } from '../agent.js';
import { createCalls } from './calls.js';
import { openContext } from '../context.js';
import { restoreMemory } from '../state/restore-memory.js';
import { keeperFor } from '../firewall/open-keeper.js';
import { createHousekeeping, freeTargets } from '../jobs/housekeeping.js';
import type { AgentContext } from '../agent-context.js';

export interface OfflineClient extends AgentCalls {
  close(): Promise<void>;
}

/**
 * Takes the agent's calls when no agent runs, under the agent's own lock, so that none starts
 * meanwhile. The kernel is changed only where our table is in force, as after the stop of an
 * installed agent; else the database alone is, and the next start puts it in force.
 */
export async function openOffline(
  loaded: LoadedSettings,
  print: (text: string) => void,
): Promise<OfflineClient> {
  const context = await openContext(loaded, print, false);
  try {
    await restoreMemory(context);
    await leaveAbsentTable(context);
    // Opening has settled them in the database: then nothing else would take their rules away.
    await freeTargets(context, context.endedAtOpening);
    const runner = createRunner(context, () => undefined);
    const jobs = await createHousekeeping(context, runner);
    context.closers.add('jobs', jobs.stop);
    context.closers.add('gathered events', runner.stop);
    return {
      ...createCalls(context, runner, jobs, null),
      close: () => context.closers.closeAll(),
    };
  } catch (error) {
    await context.closers.closeAll();
    throw error;
  }
}

/** Without our table nothing is enforced, and a command is not what begins it. */
async function leaveAbsentTable(context: AgentContext): Promise<void> {
  const { chosen } = context.keeper;
  if (!chosen.enforcing) return;
  if ((await chosen.firewall.look()).present) return;
  const why = 'no agent runs and its firewall table is absent: the next start puts blocks in force';
  await context.keeper.close();
  context.keeper = keeperFor(context, { ...chosen, enforcing: false, why });
}
