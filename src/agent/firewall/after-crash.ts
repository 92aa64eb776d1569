import { rm, writeFile } from 'node:fs/promises';
import type { ActualBlock } from '../../firewall/port.js';
import { createDropLedger } from './drop-ledger.js';
import { compareFirewall } from './compare.js';
import { isYoung } from './repair.js';
import type { AgentContext } from '../agent-context.js';

/** Elements looked at: a crash loses what was not committed yet, which is little. */
const CANDIDATES_MAX = 1_000;

/**
 * Marks that an agent has this database open; resolves to true when the mark was there already, so
 * that the agent before did not come to its end in order.
 */
export async function markRunning(
  databaseFile: string,
): Promise<{ readonly crashed: boolean; readonly unmark: () => Promise<void> }> {
  const file = `${databaseFile}.running`;
  const crashed = await writeFile(file, '', { flag: 'wx', mode: 0o600 }).then(
    () => false,
    () => true,
  );
  return { crashed, unmark: () => rm(file, { force: true }) };
}

/**
 * After a crash: what our own table holds although no row tells of it was decided in the last
 * moments, and becomes a block again before the table is written anew.
 */
export async function adoptAfterCrash(context: AgentContext): Promise<void> {
  const { keeper, state, reader, nowUs, log } = context;
  const { firewall } = keeper.chosen;
  const { owner } = await firewall.look();
  if (owner === null || owner.id !== context.owner.id) return;
  const comparison = await compareFirewall(firewall, state, createDropLedger(), nowUs());
  const candidates = (comparison?.extra ?? []).filter(isYoung).slice(0, CANDIDATES_MAX);
  const found: ActualBlock[] = [];
  for (const block of candidates) {
    const writtenUs = nowUs() - (block.ageS ?? 0) * 1_000_000;
    const [last] = await reader.pastBlocks(block.target);
    const endedUs = last?.endedAtUs ?? null;
    // A block that was ended since, by hand for example, is not one that was lost.
    if (endedUs === null || endedUs < writtenUs - 1_000_000) found.push(block);
  }
  if (found.length === 0) return;
  log.say(`adopted from the firewall after a crash: ${found.length} blocks`);
  context.adopt(found);
}
