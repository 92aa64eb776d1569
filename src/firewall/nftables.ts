import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import { applyChanges, createTableTurns, isGone, listTerse, type NftTable } from './nft-apply.js';
import { createNftChild } from './nft-child.js';
import { openGuard, type NftGuard } from './nft-guard.js';
import { buildProtectScript, protectSetNames } from './nft-changes.js';
import { buildLimitScript } from './nft-limit.js';
import { readFirewall } from './nft-read.js';
import { extractTable, readGuardPid, readKnownSets, readTableOwner } from './nft-terse.js';
import { buildSyncScript, requireTarget } from './nft-ruleset.js';
import { runNft } from './nft-run.js';
import { visitTable } from './nft-stream.js';
import { watchTable, type NftWatch } from './nft-watch.js';
import {
  NO_STORM,
  type ActualFirewall,
  type DesiredFirewall,
  type Firewall,
  type FirewallGuard,
  type FirewallLook,
  type FirewallOwner,
  type StormLimit,
} from './port.js';
import type { FirewallChange } from '../core/model/block.js';

export interface NftablesOptions {
  /** Our table, of family inet. */
  readonly tableName?: string;
  /** nft, and what must stand before its arguments. */
  readonly command?: readonly string[];
  /** Written into the table, so that two agents never take each other's away. */
  readonly owner?: FirewallOwner;
}

interface State extends NftTable {
  readonly command: readonly string[];
  readonly ownMark: FirewallOwner | null;
  storm: StormLimit;
  watch: NftWatch | null;
  guard: NftGuard | null;
  /** Told when rules of ours, or the guard, are gone. */
  lost: () => void;
}

/**
 * The nftables backend: a table of our own, nobody else's touched. Changes go to a long-lived nft,
 * a whole table to `nft -f -`. Calls are served one after another; additions may overlap each other.
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
    turns: createTableTurns(),
    known: null,
    protect: [],
    storm: NO_STORM,
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
  const { alone } = state.turns;
  return {
    name: 'nftables',
    readable: true,
    expiresItself: true,
    addsSideBySide: true,
    guard: guardOf(state),
    probe: () => alone(() => probe(state)),
    sync: (desired) => alone(() => sync(state, desired)),
    apply: (changes) => apply(state, changes),
    look: () => alone(() => look(state)),
    // Not in turn: it takes seconds at 100,000 blocks, and the next block must not wait for it.
    visit: (see) => visitTable(command, table, see),
    protect: (peers) => alone(() => protect(state, peers)),
    limit: (on) => alone(() => limit(state, on)),
    watch: (lost) => {
      state.lost = lost;
      state.watch ??= watchTable(command, table, lost);
    },
    read: () => alone(() => read(state)),
    print: () => alone(() => print(state)),
    remove: () => alone(() => remove(state)),
    close: async () => {
      state.lost = () => undefined;
      await state.watch?.close();
      state.watch = null;
      await alone(async () => {
        await closeGuard(state);
        await state.child.close();
      });
    },
  };
}

const guardOf = (state: State): FirewallGuard => ({
  put: async (desired) => {
    const why = await state.turns.alone(() => putGuard(state, desired));
    // Not in turn: changes must not wait for the filling.
    await state.guard?.filled;
    return why;
  },
  inForce: () => state.guard?.inForce() === true,
});

/**
 * `--check` lets the kernel go through the whole transaction and then drop it, so it tells whether
 * this user may write and whether this kernel knows all that our table needs.
 */
async function probe(state: State): Promise<string> {
  const version = await state.nft(['--version'], null, false);
  const some = { limiting: true, storm: { ...NO_STORM, rate: 100 }, blocksMax: 1 };
  const empty = { protect: [], sipPorts: [], blocks: [], ...some };
  const script = buildSyncScript(state.table, empty, state.ownMark);
  await state.nft(['--check', '-f', '-'], script.text, true);
  return `${version.split('\n')[0] ?? 'nft'}, table inet ${state.table}`;
}

async function sync(state: State, desired: DesiredFirewall): Promise<void> {
  const script = buildSyncScript(state.table, desired, state.ownMark);
  state.known = null;
  const writing = state.nft(['-f', '-'], script.text, true);
  // Meanwhile, for the first block must not wait for a spawn.
  state.child.start();
  await writing;
  state.known = { names: script.blockSets, elementsMax: desired.blocksMax };
  state.protect = desired.protect.map(requireTarget);
  state.storm = desired.storm;
}

async function apply(state: State, changes: readonly FirewallChange[]): Promise<void> {
  try {
    await applyChanges(state, changes);
  } catch (error) {
    // The guard is what drops until the table is back, so it takes what is wanted all the same.
    if (isGone(error)) await state.guard?.change(changes);
    throw error;
  }
  const inGuard = state.guard?.change(changes);
  // Who is freed must be free when it is said; who is blocked is, by the table.
  if (changes.some(({ kind }) => kind === 'remove')) await inGuard;
}

async function protect(state: State, peers: readonly string[]): Promise<void> {
  const before = protectSetNames(state.protect.map(({ text }) => text));
  await state.nft(['-f', '-'], buildProtectScript(state.table, peers, before), true);
  state.protect = peers.map(requireTarget);
  await state.guard?.protect(peers);
}

async function limit(state: State, on: boolean): Promise<void> {
  await state.nft(['-f', '-'], buildLimitScript(state.table, on, state.storm), false);
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

async function look(state: State): Promise<FirewallLook> {
  const ruleset = await listTerse(state);
  return {
    present: readKnownSets(ruleset, state.table) !== null,
    owner: readTableOwner(ruleset, state.table),
    guardPid: readGuardPid(ruleset, guardName(state)),
  };
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
  return extractTable(await listTerse(state), state.table);
}

async function remove(state: State): Promise<void> {
  state.known = null;
  await closeGuard(state);
  const script = `add table inet ${state.table}\ndelete table inet ${state.table}\n`;
  await state.nft(['-f', '-'], script, true);
}
