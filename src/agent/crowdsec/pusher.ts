import type { BlockJournal } from '../../api/lists/block-journal.js';
import { decisionOf } from '../../api/lists/decisions.js';
import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Block } from '../../core/model/block.js';
import type { LapiClient, PushedDecision } from './lapi-client.js';

export interface PusherParts {
  readonly client: LapiClient;
  readonly journal: Pick<BlockJournal, 'listen'>;
  /** Blocks that others may be told of, and one of them by its target; null: there is none. */
  readonly tellable: () => Iterable<Block>;
  readonly tellableOf: (target: string) => Block | null;
  readonly nowUs: () => number;
  readonly say: (text: string) => void;
}

export interface Pusher {
  /** Tells what is waiting. Never rejects; false: it is to be tried again later. */
  readonly flush: () => Promise<boolean>;
  readonly close: () => void;
}

/**
 * Keeps a local API of CrowdSec as our blocks are. What changed waits in memory, by target: the block
 * of now counts when its turn comes. At the start, after a failure and where too much waits, what is
 * there is compared with what is in force, and only the difference is told.
 */
export function createPusher(parts: PusherParts): Pusher {
  const { client, journal, say } = parts;
  let compare = true;
  let failing = false;
  const waiting = new Set<string>();
  const stop = journal.listen(({ block: { target } }) => {
    if (compare) return;
    waiting.add(target);
    if (waiting.size <= LIMITS.crowdsecWaitingMax) return;
    waiting.clear();
    compare = true;
  });

  const tell = async (): Promise<void> => {
    if (compare) {
      // What changes from here on waits for the next turn.
      compare = false;
      waiting.clear();
      await tellDifference(parts);
    }
    while (waiting.size > 0) {
      const targets = [...waiting].slice(0, LIMITS.crowdsecPerRequestMax);
      for (const target of targets) waiting.delete(target);
      const blocks = targets.map((target) => [target, parts.tellableOf(target)] as const);
      for (const [target, block] of blocks) if (block === null) await client.end(valueOf(target));
      await pushAll(
        parts,
        blocks.flatMap(([, block]) => block ?? []),
      );
    }
  };

  return {
    flush: async () => {
      if (!compare && waiting.size === 0) return true;
      try {
        await tell();
      } catch (error) {
        compare = true;
        waiting.clear();
        if (!failing) say(`CrowdSec's local API was not told of blocks: ${messageOf(error)}`);
        failing = true;
        return false;
      }
      if (failing) say("CrowdSec's local API is told of blocks again");
      failing = false;
      return true;
    },
    close: stop,
  };
}

async function tellDifference(parts: PusherParts): Promise<void> {
  const { client, tellable } = parts;
  const there = await client.activeValues();
  const ours = new Map([...tellable()].map((block) => [valueOf(block.target), block]));
  for (const value of there.keys()) if (!ours.has(value)) await client.end(value);
  const nowUs = parts.nowUs();
  const missing = [...ours].filter(([value, block]) => {
    const left = there.get(value);
    return left === undefined || left + SAME_S < secondsLeft(block, nowUs);
  });
  await pushAll(
    parts,
    missing.map(([, block]) => block),
  );
}

/** Two ends that are nearer than this are the same. */
const SAME_S = 120;

const secondsLeft = (block: Block, nowUs: number): number =>
  block.expiresAtUs === null ? SAME_S : (block.expiresAtUs - nowUs) / 1_000_000;

/** Alerts that carry decisions pass its allowlists by: they are asked first. */
async function pushAll({ client, nowUs }: PusherParts, blocks: readonly Block[]): Promise<void> {
  for (let at = 0; at < blocks.length; at += LIMITS.crowdsecPerRequestMax) {
    const some = blocks.slice(at, at + LIMITS.crowdsecPerRequestMax);
    const allowed = await client.allowlisted(some.map(({ target }) => valueOf(target)));
    const decisions = some
      .filter(({ target }) => !allowed.has(valueOf(target)))
      .map((block) => pushedOf(block, nowUs()));
    if (decisions.length > 0) await client.push(decisions);
  }
}

const valueOf = (target: string): string =>
  target.replace(target.includes(':') ? /\/128$/ : /\/32$/, '');

function pushedOf(block: Block, nowUs: number): PushedDecision {
  const { origin, type, scope, value, duration, scenario } = decisionOf(block, nowUs);
  const madeAt = new Date(block.createdAtUs / 1_000).toISOString();
  return { origin, type, scope, value, duration, scenario, madeAt };
}
