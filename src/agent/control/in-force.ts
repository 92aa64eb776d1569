import type { LoadedSettings } from '../../config/load.js';
import { agentRuns } from './agent-runs.js';
import { chooseFor } from '../firewall/open-keeper.js';

/** Whether what the database has as blocks is in force while no agent runs, and until when. */
export async function describeWithoutAgent(loaded: LoadedSettings): Promise<string | null> {
  if (await agentRuns(loaded.settings)) return null;
  const { enforcing, firewall, why } = await chooseFor(loaded);
  try {
    const present = enforcing && (await firewall.look()).present;
    return judgeWithoutAgent({ mode: loaded.settings.blocking.mode, enforcing, present, why });
  } finally {
    await firewall.close();
  }
}

/** Pure. `present`: the table of the last run stands. */
export function judgeWithoutAgent(found: {
  readonly mode: 'enforce' | 'observe';
  readonly enforcing: boolean;
  readonly present: boolean;
  readonly why: string;
}): string {
  const { mode, enforcing, present, why } = found;
  if (mode === 'observe')
    return 'No agent runs, and none of these blocks is in force: mode is observe.';
  if (!enforcing) return `No agent runs; whether these blocks are in force cannot be told: ${why}`;
  return present
    ? 'No agent runs. The firewall table of its last run stands: the kernel ends each block in ' +
        'time, and nobody new is blocked.'
    : 'No agent runs, and its firewall table is not there: none of these blocks is in force. The ' +
        'next start puts those in force that have time left.';
}
