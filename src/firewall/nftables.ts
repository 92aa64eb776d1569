import { covers, type Cidr } from '../core/model/address.js';
import type { FirewallChange } from '../core/model/block.js';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import { createNftChild, type NftChild } from './nft-child.js';
import { openGuard, type NftGuard } from './nft-guard.js';
import {
  buildApplyScript,
  buildProtectScript,
  protectSetNames,
  type KnownSets,
} from './nft-changes.js';
import { buildLimitScript } from './nft-limit.js';
import {
  extractTable,
  readFirewall,
  readGuardPid,
  readKnownSets,
  readTableOwner,
} from './nft-read.js';
import { buildSyncScript, requireBlockTarget, requireTarget } from './nft-ruleset.js';
import { runNft } from './nft-run.js';
import { visitTable } from './nft-stream.js';
import { watchTable, type NftWatch } from './nft-watch.js';
import type {
  ActualFirewall,
  DesiredFirewall,
  Firewall,
  FirewallLook,
  FirewallOwner,
} from './port.js';
import { createTurns } from './turns.js';

export interface NftablesOptions {
  /** Our table, of family inet. */
  readonly tableName?: string;
  /** nft, and what must stand before its arguments. */
  readonly command?: readonly string[];
  /** Written into the table, so that two agents never take each other's away. */
  readonly owner?: FirewallOwner;
}

interface State {
  readonly table: string;
  readonly command: readonly string[];
  readonly child: NftChild;
  readonly nft: (args: readonly string[], input: string | null, bulk: boolean) => Promise<string>;
  readonly ownMark: FirewallOwner | null;
  /** The sets last seen in the kernel; null: to be read before the next change. */
  known: KnownSets | null;
  /** The protected peers of the last sync. */
  protect: readonly Cidr[];
  stormRate: number;
  watch: NftWatch | null;
  guard: NftGuard | null;
  /** Told when rules of ours, or the guard, are gone. */
  lost: () => void;
}

/**
 * The nftables backend: a table of our own, nobody else's touched. Changes go to a long-lived nft,
 * a whole table to `nft -f -`. Calls are served one after another.
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
    command,
    child: createNftChild(command),
    known: null,
    protect: [],
    stormRate: 1,
    watch: null,
    guard: null,
    lost: () => undefined,
    ownMark: options.owner ?? null,
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
    readable: true,
    expiresItself: true,
    guard: {
      put: async (desired) => {
        const why = await inTurn(() => putGuard(state, desired));
        // Not in turn: changes must not wait for the filling.
        await state.guard?.filled;
        return why;
      },
      inForce: () => state.guard?.inForce() === true,
    },
    probe: () => inTurn(() => probe(state)),
    sync: (desired) => inTurn(() => sync(state, desired)),
    apply: (changes) => inTurn(() => apply(state, changes)),
    look: () => inTurn(() => look(state)),
    // Not in turn: it takes seconds at 100,000 blocks, and the next block must not wait for it.
    visit: (see) => visitTable(command, table, see),
    protect: (peers) => inTurn(() => protect(state, peers)),
    limit: (on) => inTurn(() => limit(state, on)),
    watch: (lost) => {
      state.lost = lost;
      state.watch ??= watchTable(command, table, lost);
    },
    read: () => inTurn(() => read(state)),
    print: () => inTurn(() => print(state)),
    remove: () => inTurn(() => remove(state)),
    close: async () => {
      state.lost = () => undefined;
      await state.watch?.close();
      state.watch = null;
      await inTurn(async () => {
        await closeGuard(state);
        await state.child.close();
      });
    },
  };
}

/**
 * `--check` lets the kernel go through the whole transaction and then drop it, so it tells whether
 * this user may write and whether this kernel knows all that our table needs.
 */
async function probe(state: State): Promise<string> {
  const version = await state.nft(['--version'], null, false);
  const some = { limiting: true, stormRate: 100, blocksMax: 1 };
  const empty = { protect: [], sipPorts: [], blocks: [], ...some };
  const script = buildSyncScript(state.table, empty, state.ownMark);
  await state.nft(['--check', '-f', '-'], script.text, true);
  return `${version.split('\n')[0] ?? 'nft'}, table inet ${state.table}`;
}

async function sync(state: State, desired: DesiredFirewall): Promise<void> {
  const script = buildSyncScript(state.table, desired, state.ownMark);
  state.known = null;
  await state.nft(['-f', '-'], script.text, true);
  state.known = { names: script.blockSets, elementsMax: desired.blocksMax };
  state.protect = desired.protect.map(requireTarget);
  state.stormRate = desired.stormRate;
}

async function apply(state: State, changes: readonly FirewallChange[]): Promise<void> {
  for (const change of changes) {
    if (change.kind === 'add' && change.scope !== 'forced') refuseProtected(state, change.target);
  }
  try {
    await applyToTable(state, changes);
  } catch (error) {
    // The guard is what drops until the table is back, so it takes what is wanted all the same.
    if (isGone(error)) await state.guard?.change(changes);
    throw error;
  }
  const inGuard = state.guard?.change(changes);
  // Who is freed must be free when it is said; who is blocked is, by the table.
  if (changes.some(({ kind }) => kind === 'remove')) await inGuard;
}

const isGone = (error: unknown): boolean =>
  error instanceof AgentError && error.code === 'FIREWALL_GONE';

async function applyToTable(state: State, changes: readonly FirewallChange[]): Promise<void> {
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

async function applyOnce(state: State, changes: readonly FirewallChange[]): Promise<void> {
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
async function taken(state: State, script: string): Promise<boolean> {
  const answer = await state.child.run(script);
  if (answer.kind === 'refused') throw answer.error;
  return answer.kind === 'taken';
}

async function protect(state: State, peers: readonly string[]): Promise<void> {
  const before = protectSetNames(state.protect.map(({ text }) => text));
  await state.nft(['-f', '-'], buildProtectScript(state.table, peers, before), true);
  state.protect = peers.map(requireTarget);
  await state.guard?.protect(peers);
}

async function limit(state: State, on: boolean): Promise<void> {
  await state.nft(['-f', '-'], buildLimitScript(state.table, on, state.stormRate), false);
  await state.guard?.limit(on);
}

const guardName = ({ table }: State): string => `${table}_guard`;

/** Null when a guard is in force, else why there is none. */
async function putGuard(state: State, desired: DesiredFirewall): Promise<string | null> {
  if (state.guard?.inForce() === true) return null;
  await closeGuard(state);
  if (desired.blocks.length > LIMITS.firewallGuardBlocksMax) {
    return `more than ${LIMITS.firewallGuardBlocksMax} blocks are in force`;
  }
  try {
    state.guard = await openGuard(state.command, guardName(state), desired, () => {
      // Not at once: what took it away may do so again.
      setTimeout(() => {
        state.lost();
      }, LIMITS.firewallChildRestMs).unref();
    });
    return null;
  } catch (error) {
    if (error instanceof AgentError) return error.message;
    throw error;
  }
}

async function closeGuard(state: State): Promise<void> {
  await state.guard?.close();
  state.guard = null;
}

const listTerse = (state: State): Promise<string> => state.nft(['-j', ...LIST_TERSE], null, false);

async function look(state: State): Promise<FirewallLook> {
  const json = await listTerse(state);
  return {
    present: readKnownSets(json, state.table) !== null,
    owner: readTableOwner(json, state.table),
    guardPid: readGuardPid(json, guardName(state)),
  };
}

async function readKnown(state: State): Promise<KnownSets> {
  const known = readKnownSets(await listTerse(state), state.table);
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
  await closeGuard(state);
  const script = `add table inet ${state.table}\ndelete table inet ${state.table}\n`;
  await state.nft(['-f', '-'], script, true);
}

/**
 * Rules and sets without elements. nft 1.0.6 fetches them all the same for `list table` (1.5 s at
 * 100,000), but not for `list ruleset`.
 */
const LIST_TERSE = ['-t', 'list', 'ruleset', 'inet'];
