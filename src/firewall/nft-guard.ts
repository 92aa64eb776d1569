import { setTimeout } from 'node:timers/promises';
import type { FirewallChange } from '../core/model/block.js';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import { buildApplyScript, buildProtectScript, protectSetNames } from './nft-changes.js';
import { createNftChild, type NftChild } from './nft-child.js';
import { buildLimitScript } from './nft-limit.js';
import { buildFillScript, buildGuardScript } from './nft-ruleset.js';
import type { DesiredBlock, DesiredFirewall, StormLimit } from './port.js';
import { createTurns } from '../core/model/turns.js';

/** A second copy of our table that no other program can take away. */
export interface NftGuard {
  /** false: it is gone, for one of its changes failed, or its nft ended. */
  readonly inForce: () => boolean;
  /** Resolves once all blocks are in it. */
  readonly filled: Promise<void>;
  readonly change: (changes: readonly FirewallChange[]) => Promise<void>;
  readonly protect: (peers: readonly string[]) => Promise<void>;
  readonly limit: (on: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface State {
  readonly table: string;
  readonly child: NftChild;
  readonly onGone: (cause: string) => void;
  readonly storm: StormLimit;
  readonly blocksMax: number;
  sets: ReadonlySet<string>;
  protect: readonly string[];
  /** Changed while it was filled: the filling must not bring the old back. Null: it is full. */
  changed: Set<string> | null;
  gone: boolean;
}

const keyOf = ({ scope, target }: Pick<DesiredBlock, 'scope' | 'target'>): string =>
  `${scope} ${target}`;

/**
 * Makes the guard: a table with the flag `owner` (kernel 5.12, nft 0.9.9), which only the process
 * that made it may change, and which the kernel takes away when that process ends. So `nft flush
 * ruleset` leaves it alone, and what it dropped for the table proper is dropped until that one is
 * back. It never fails a change: what goes wrong takes the whole guard away, which is made anew from
 * the blocks, so that it cannot hold what ought to be free. Rejects with FIREWALL_FAILED where there
 * can be none.
 */
export async function openGuard(
  command: readonly string[],
  table: string,
  desired: DesiredFirewall,
  onGone: (cause: string) => void,
): Promise<NftGuard> {
  const startMs = performance.now();
  const child = createNftChild(command, { linesMax: Infinity });
  const skeleton = buildGuardScript(table, desired);
  const state: State = {
    table,
    child,
    onGone,
    storm: desired.storm,
    blocksMax: desired.blocksMax,
    sets: skeleton.blockSets,
    protect: desired.protect,
    changed: new Set(),
    gone: false,
  };
  const turns = createTurns();
  const take = (script: string): Promise<void> =>
    state.gone || script === '' ? Promise.resolve() : give(state, script);
  try {
    await giveOrThrow(state, skeleton.text);
  } catch (error) {
    state.gone = true;
    await child.close();
    throw error;
  }
  const filled = fill(state, desired.blocks, startMs, (script) => turns.take(() => take(script())));
  return {
    filled: filled.then(() => {
      state.changed = null;
    }),
    inForce: () => !state.gone && !child.hasEnded(),
    change: createGatherer((changes) => {
      for (const change of changes) state.changed?.add(keyOf(change));
      return turns.take(() => take(changeScript(state, changes)));
    }),
    protect: (peers) =>
      turns.take(async () => {
        const script = buildProtectScript(table, peers, protectSetNames(state.protect));
        await take(script);
        state.protect = peers;
      }),
    limit: (on) => turns.take(() => take(buildLimitScript(table, on, state.storm))),
    close: () => {
      state.gone = true;
      return turns.take(() => child.close());
    },
  };
}

/**
 * Gathers what is added for a moment: the table proper drops already, and in a crowd its own changes
 * need the processor. What is taken away goes at once, with all that came before it.
 */
function createGatherer(
  write: (changes: readonly FirewallChange[]) => Promise<void>,
): NftGuard['change'] {
  const gathered: FirewallChange[] = [];
  let later: Promise<void> | null = null;
  const writeOut = (): Promise<void> => {
    const changes = gathered.splice(0);
    return changes.length === 0 ? Promise.resolve() : write(changes);
  };
  return (changes) => {
    gathered.push(...changes);
    if (changes.some(({ kind }) => kind === 'remove')) return writeOut();
    later ??= setTimeout(LIMITS.firewallGuardGatherMs).then(() => {
      later = null;
      return writeOut();
    });
    return later;
  };
}

/** Piece by piece, so that a single change never waits for a hundred thousand. */
async function fill(
  state: State,
  blocks: readonly DesiredBlock[],
  startMs: number,
  take: (script: () => string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < blocks.length && !state.gone; at += LIMITS.firewallGuardPieceBlocks) {
    await take(() => {
      const pastS = (performance.now() - startMs) / 1000;
      const piece = blocks
        .slice(at, at + LIMITS.firewallGuardPieceBlocks)
        .filter((block) => state.changed?.has(keyOf(block)) === false)
        .filter(({ timeoutS }) => timeoutS === null || timeoutS > pastS)
        .map((block) => ({
          ...block,
          timeoutS: block.timeoutS === null ? null : block.timeoutS - pastS,
        }));
      return buildFillScript(state.table, piece);
    });
  }
}

function changeScript(state: State, changes: readonly FirewallChange[]): string {
  const known = { names: state.sets, elementsMax: state.blocksMax, counted: false };
  const script = buildApplyScript(state.table, changes, known);
  state.sets = script.blockSets;
  return script.text;
}

async function give(state: State, script: string): Promise<void> {
  try {
    await giveOrThrow(state, script);
  } catch (error) {
    if (state.gone) return;
    state.gone = true;
    // Its end takes the table away with all that it holds.
    await state.child.close();
    state.onGone(error instanceof Error ? error.message : String(error));
  }
}

async function giveOrThrow({ child }: State, script: string): Promise<void> {
  const answer = await child.run(script);
  if (answer.kind === 'refused') throw answer.error;
  if (answer.kind === 'taken') return;
  throw new AgentError(
    'FIREWALL_FAILED',
    'the nft that keeps the guard gave no answer',
    'nothing is to be done: blocks stay in force in the table proper',
  );
}
