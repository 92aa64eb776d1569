import { covers, type Cidr } from '../../core/common/address.js';
import type { FirewallChange } from '../../core/model/block.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { buildApplyScript, buildCreateScript, type KnownSets } from './changes.js';
import type { NftAnswer, NftChild } from './child.js';
import { requireBlockTarget } from './ruleset.js';
import { readKnownSets } from './terse.js';
import { createMutex } from '../../core/common/mutex.js';

/** What must be known of a table in the kernel to change it. */
export interface NftTable {
  readonly table: string;
  readonly child: NftChild;
  readonly nft: (args: readonly string[], input: string | null, bulk: boolean) => Promise<string>;
  readonly turns: TableTurns;
  /** The sets last seen in the kernel; null: to be read before the next change. */
  known: KnownSets | null;
  /** The protected peers of the last sync. */
  protect: readonly Cidr[];
}

/** Who may use the table when. */
export interface TableTurns {
  /** One job after another, none while additions are under way. */
  readonly alone: <T>(job: () => Promise<T>) => Promise<T>;
  /**
   * Begins in its turn, and the next turn does not wait for the answer; null: `begin` could not
   * begin. The answer must come by itself, without a turn of its own.
   */
  readonly beside: <T>(begin: () => Promise<T> | null) => Promise<T | null>;
}

export function createTableTurns(): TableTurns {
  const mutex = createMutex();
  const underWay = new Set<Promise<unknown>>();
  return {
    alone: (job) =>
      mutex.run(async () => {
        await Promise.allSettled(underWay);
        return job();
      }),
    beside: async (begin) => {
      // In an object, for a promise that a job gives back would be waited for.
      const { answer } = await mutex.run(() => Promise.resolve({ answer: begin() }));
      if (answer === null) return null;
      underWay.add(answer);
      return answer.finally(() => underWay.delete(answer));
    },
  };
}

/**
 * Writes changes to the table. Additions to sets that are known go to the long-lived nft at once,
 * also while others are under way: it takes them in order, and one does not disturb the other.
 * Rejects with an AgentError, PROTECTED or FIREWALL_*, and then none of the changes is in force.
 */
export async function applyChanges(
  state: NftTable,
  changes: readonly FirewallChange[],
): Promise<void> {
  for (const change of changes) {
    if (change.kind === 'add' && change.scope !== 'forced') refuseProtected(state, change.target);
  }
  const answer = await state.turns.beside(() => beginBeside(state, changes));
  if (answer?.kind === 'taken') return;
  await state.turns.alone(() => applyAlone(state, changes));
}

/** Null: these changes must be applied alone. So must those of them that are refused. */
function beginBeside(
  { table, known, child }: NftTable,
  changes: readonly FirewallChange[],
): Promise<NftAnswer> | null {
  const script = known === null ? null : buildCreateScript(table, changes, known);
  return script === null ? null : child.run(script);
}

async function applyAlone(state: NftTable, changes: readonly FirewallChange[]): Promise<void> {
  const before = state.known;
  try {
    await applyOnce(state, changes);
  } catch (error) {
    // What we remember of the sets may be older than the table; then what is there decides.
    state.known = null;
    if (before === null || !isGone(error)) throw error;
    await applyOnce(state, changes);
  }
}

async function applyOnce(state: NftTable, changes: readonly FirewallChange[]): Promise<void> {
  const known = state.known ?? (await readKnown(state));
  const script = buildApplyScript(state.table, changes, known);
  // What makes a set must not be done twice, so it does not go where the answer may be missing.
  const mayRepeat = !script.makesSets;
  if (script.text !== '' && !(mayRepeat && (await taken(state, script.text)))) {
    const bulk = changes.length > LIMITS.firewallSmallChangesMax;
    await state.nft(['-f', '-'], script.text, bulk);
  }
  state.known = { names: script.blockSets, elementsMax: known.elementsMax };
}

/** True when the long-lived nft took the script; it is refused with an AgentError. */
async function taken({ child }: NftTable, script: string): Promise<boolean> {
  const answer = await child.run(script);
  if (answer.kind === 'refused') throw answer.error;
  return answer.kind === 'taken';
}

export const isGone = (error: unknown): boolean =>
  error instanceof AgentError && error.code === 'FIREWALL_GONE';

async function readKnown(state: NftTable): Promise<KnownSets> {
  const known = readKnownSets(await listTerse(state), state.table);
  if (known !== null) return known;
  throw new AgentError(
    'FIREWALL_GONE',
    `table inet ${state.table} is not in the firewall, or not with all of its rules`,
    'another program took them away: find it, or start the agent again to write them anew',
  );
}

function refuseProtected({ protect }: NftTable, target: string): void {
  const cidr = requireBlockTarget(target);
  const peer = protect.find((each) => covers(each, cidr));
  if (peer === undefined) return;
  throw new AgentError(
    'PROTECTED',
    `${target} is within the protected peer ${peer.text}`,
    'take the peer off the protected ones first',
  );
}

/** Rules and sets of all tables without elements, for nft-terse.ts. */
export const listTerse = ({ nft }: NftTable): Promise<string> =>
  nft(['-t', 'list', 'ruleset', 'inet'], null, false);
