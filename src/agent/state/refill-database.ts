import { messageOf } from '../../core/common/errors.js';
import { isEnded } from '../../core/block/block-table.js';
import type { Block } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';
import type { AgentContext } from '../agent-context.js';

/**
 * Another database is written than before: it gets what is in force, which the one before had. What
 * was counted and seen until then is in that one alone. Never rejects.
 */
export async function fillRenewedDatabase(context: AgentContext): Promise<void> {
  const { state, store, peers, lock, nowUs, log } = context;
  const now = nowUs();
  const blocks = [...state.blocks.table.byTarget.values()].filter((each) => !isEnded(each, now));
  try {
    await lock.renew();
    for (let done = 0; done < blocks.length; done += LIMITS.restoredPageRows) {
      writeBlocks(context, blocks.slice(done, done + LIMITS.restoredPageRows));
      await store.flush();
    }
    for (const peer of peers.stored()) await store.protectPeer(peer);
    for (const token of context.tokens) await store.addToken(token);
    log.say(`${blocks.length} blocks in force were written into the database`);
  } catch (error) {
    log.say(`not all blocks in force could be written into the database: ${messageOf(error)}`);
  }
}

function writeBlocks({ store }: AgentContext, blocks: readonly Block[]): void {
  store.write({ events: [], sightings: [], blocks, calls: [], endedBlocks: [], jobRuns: [] });
}
