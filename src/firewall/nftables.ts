import { covers, type Cidr } from '../core/model/address.js';
import type { FirewallChange } from '../core/model/block.js';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { ActualFirewall, DesiredFirewall, Firewall } from './port.js';
import { extractTable, readFirewall, readKnownSets } from './nft-read.js';
import {
  buildApplyScript,
  buildSyncScript,
  requireBlockTarget,
  requireTarget,
  type KnownSets,
} from './nft-ruleset.js';
import { runNft } from './nft-run.js';

export interface NftablesOptions {
  /** Our table, of family inet. */
  readonly tableName?: string;
  /** nft, and what must stand before its arguments. */
  readonly command?: readonly string[];
}

interface State {
  readonly table: string;
  readonly nft: (args: readonly string[], input: string | null, bulk: boolean) => Promise<string>;
  /** The sets last seen in the kernel; null: to be read before the next change. */
  known: KnownSets | null;
  /** The protected peers of the last sync. */
  protect: readonly Cidr[];
}

/**
 * The nftables backend: a table of our own, written by `nft -f -`, nobody else's touched. Calls are
 * served one after another.
 * `apply` rejects with FIREWALL_GONE when the table was taken away: then `sync` is due. A block
 * that lies wholly within a protected peer of the last sync is refused with PROTECTED by `apply`;
 * `sync` takes it: a start without any protection is worse, and the peer's accept comes first.
 */
export function createNftables(options: NftablesOptions = {}): Firewall {
  const table = options.tableName ?? 'sentrypeer';
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(table)) throw new RangeError(`no table name: ${table}`);
  const command = options.command ?? ['nft'];
  const state: State = {
    table,
    known: null,
    protect: [],
    nft: (args, input, bulk) =>
      runNft(command, {
        args,
        input,
        msMax: bulk ? LIMITS.firewallBulkMsMax : LIMITS.firewallCommandMsMax,
      }),
  };
  const inTurn = createTurns();
  return {
    name: 'nftables',
    probe: () => inTurn(() => probe(state)),
    sync: (desired) => inTurn(() => sync(state, desired)),
    apply: (changes) => inTurn(() => apply(state, changes)),
    read: () => inTurn(() => read(state)),
    print: () => inTurn(() => print(state)),
    remove: () => inTurn(() => remove(state)),
  };
}

/**
 * `--check` lets the kernel go through the whole transaction and then drop it, so it tells whether
 * this user may write and whether this kernel knows all that our table needs.
 */
async function probe(state: State): Promise<string> {
  const version = await state.nft(['--version'], null, false);
  const empty = { protect: [], sipPorts: [], blocksMax: 1, blocks: [] };
  const script = buildSyncScript(state.table, empty);
  await state.nft(['--check', '-f', '-'], script.text, true);
  return `${version.split('\n')[0] ?? 'nft'}, table inet ${state.table}`;
}

async function sync(state: State, desired: DesiredFirewall): Promise<void> {
  const script = buildSyncScript(state.table, desired);
  state.known = null;
  await state.nft(['-f', '-'], script.text, true);
  state.known = { names: script.blockSets, elementsMax: desired.blocksMax };
  state.protect = desired.protect.map(requireTarget);
}

async function apply(state: State, changes: readonly FirewallChange[]): Promise<void> {
  for (const change of changes) if (change.kind === 'add') refuseProtected(state, change.target);
  const before = state.known;
  try {
    await applyOnce(state, changes);
  } catch (error) {
    // What we remember of the sets may be older than the table; then what is there decides.
    state.known = null;
    const stale = before !== null && error instanceof AgentError && error.code === 'FIREWALL_GONE';
    if (!stale) throw error;
    await applyOnce(state, changes);
  }
}

async function applyOnce(state: State, changes: readonly FirewallChange[]): Promise<void> {
  const known = state.known ?? (await readKnown(state));
  const script = buildApplyScript(state.table, changes, known);
  const bulk = changes.length > LIMITS.firewallSmallChangesMax;
  if (script.text !== '') await state.nft(['-f', '-'], script.text, bulk);
  state.known = { names: script.blockSets, elementsMax: known.elementsMax };
}

async function readKnown(state: State): Promise<KnownSets> {
  const json = await state.nft(['-j', ...LIST_TERSE], null, false);
  const known = readKnownSets(json, state.table);
  if (known !== null) return known;
  throw new AgentError(
    'FIREWALL_GONE',
    `table inet ${state.table} is not in the firewall, or not with all of its rules`,
    'another program took them away: find it, or start the agent again to write them anew',
  );
}

function refuseProtected(state: State, target: string): void {
  const cidr = requireBlockTarget(target);
  const peer = state.protect.find((each) => covers(each, cidr));
  if (peer === undefined) return;
  throw new AgentError(
    'PROTECTED',
    `${target} is within the protected peer ${peer.text}`,
    'take the peer off the protected ones first',
  );
}

async function read(state: State): Promise<ActualFirewall> {
  try {
    const json = await state.nft(['-j', 'list', 'table', 'inet', state.table], null, true);
    return readFirewall(json, state.table);
  } catch (error) {
    if (!(error instanceof AgentError && error.code === 'FIREWALL_GONE')) throw error;
    return { present: false, protect: [], blocks: [] };
  }
}

async function print(state: State): Promise<string> {
  return extractTable(await state.nft(LIST_TERSE, null, false), state.table);
}

async function remove(state: State): Promise<void> {
  state.known = null;
  const script = `add table inet ${state.table}\ndelete table inet ${state.table}\n`;
  await state.nft(['-f', '-'], script, true);
}

/**
 * Rules and sets without elements. nft 1.0.6 fetches them all the same for `list table` (1.5 s at
 * 100,000), but not for `list ruleset`.
 */
const LIST_TERSE = ['-t', 'list', 'ruleset', 'inet'];

/** Runs jobs strictly one after another, whether those before succeed or fail. */
function createTurns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const turn = last.then(job);
    // The caller has the outcome; the next turn only waits for the end.
    last = turn.then(
      () => null,
      () => null,
    );
    return turn;
  };
}
