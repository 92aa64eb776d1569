import type { Server } from 'node:net';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { applyChanges, createTableTurns, listTerse, type NftTable } from './apply.js';
import { createNftChild } from './child.js';
import { announce, findKeeper } from './presence.js';
import { buildProtectScript, protectSetNames } from './changes.js';
import { buildLimitScript } from './limit.js';
import { readFirewall } from './read.js';
import { differences, readElements, readShape, withLimitOf } from './foreign.js';
import { extractTable, readKnownSets, readTableHandle, readTableOwner } from './terse.js';
import {
  buildRestoreScripts,
  buildSyncScript,
  groupProtected,
  requireKey,
  requireTarget,
  type NftScript,
} from './ruleset.js';
import { runNft } from './run.js';
import { visitTable } from './stream.js';
import { watchTable, type NftWatch } from './watch.js';
import {
  NO_STORM,
  USUAL_TRAP,
  type ActualFirewall,
  type DesiredFirewall,
  type Firewall,
  type FirewallLook,
  type FirewallOwner,
  type StormLimit,
} from '../port.js';

export interface NftablesOptions {
  /** Our table, of family inet. */
  readonly tableName?: string;
  /** nft, and what must stand before its arguments. */
  readonly command?: readonly string[];
  /** Written into the table, so that two agents never take each other's away. */
  readonly owner?: FirewallOwner;
}

interface Written {
  readonly shape: readonly string[];
  readonly sipPorts: readonly number[];
}

interface State extends NftTable {
  readonly command: readonly string[];
  readonly ownMark: FirewallOwner | null;
  /** What this program wrote, as nft prints it; null: nothing. */
  written: Written | null;
  storm: StormLimit;
  watch: NftWatch | null;
  /** The kernel's number of the table that this program wrote; null: it wrote none. */
  handle: number | null;
  presence: Server | null;
  /** Until then the watch may tell of what this program wrote. */
  quietUntilMs: number;
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
    handle: null,
    written: null,
    presence: null,
    quietUntilMs: 0,
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
    takesBeside: true,
    addsSideBySide: true,
    watched: () => state.watch?.runs() === true,
    probe: () => alone(() => probe(state)),
    sync: (desired) => alone(() => sync(state, desired)),
    restore: (makeDesired) => alone(() => restore(state, makeDesired)),
    apply: (changes) => applyChanges(state, changes),
    look: () => alone(() => look(state)),
    // Not in turn: it takes seconds at 100,000 blocks, and the next block must not wait for it.
    visit: (see) => visitTable(command, table, see),
    protect: (peers) => alone(() => protect(state, peers)),
    limit: (on) => alone(() => limit(state, on)),
    watch: (lost) => {
      state.watch ??= watchTable(command, table, lost);
    },
    read: () => alone(() => read(state)),
    print: () => alone(() => print(state)),
    remove: () => alone(() => remove(state)),
    close: async () => {
      await state.watch?.close();
      state.watch = null;
      await alone(() => state.child.close());
      state.presence?.close();
      state.presence = null;
    },
  };
}

/**
 * `--check` lets the kernel go through the whole transaction and then drop it, so it tells whether
 * this user may write and whether this kernel knows all that our table needs.
 */
async function probe(state: State): Promise<string> {
  const some = { limiting: true, storm: { ...NO_STORM, rate: 100 }, blocksMax: 1 };
  const empty = { protect: [], sipPorts: [], trap: USUAL_TRAP, blocks: [], ...some };
  const script = buildSyncScript(state.table, empty, state.ownMark);
  // A start waits for both.
  const [version] = await Promise.all([
    state.nft(['--version'], null, false),
    state.nft(['--check', '-f', '-'], script.text, true),
  ]);
  return `${version.split('\n')[0] ?? 'nft'}, table inet ${state.table}`;
}

async function sync(state: State, desired: DesiredFirewall): Promise<void> {
  const script = buildSyncScript(state.table, desired, state.ownMark);
  state.known = null;
  const writing = state.nft(['-f', '-'], script.text, true);
  // Meanwhile, for the first block must not wait for a spawn.
  state.child.start();
  await writing;
  await noteWritten(state, desired, script);
}

const QUIET_MS = 300;
/** No table has it. */
const NO_HANDLE = -1;

/** In a transaction that is refused where our table is there, so it can take nobody's away. */
async function restore(state: State, makeDesired: () => DesiredFirewall): Promise<boolean> {
  const { table, child } = state;
  if (performance.now() < state.quietUntilMs) {
    // What this program wrote is heard like what others do, and then nothing is to be built.
    const absent = await child.run(`create table inet ${table}\ndelete table inet ${table}\n`);
    if (absent.kind !== 'taken') return false;
  }
  const desired = makeDesired();
  const { first, rest } = buildRestoreScripts(table, desired, state.ownMark);
  if ((await child.run(first.text)).kind !== 'taken') return false;
  const whole = rest === '' || (await child.run(rest)).kind === 'taken';
  await noteWritten(state, desired, first);
  // A table that lacks something is to be written anew.
  if (!whole) state.handle = NO_HANDLE;
  return whole;
}

async function noteWritten(
  state: State,
  desired: DesiredFirewall,
  script: NftScript,
): Promise<void> {
  state.known = { names: script.blockSets, elementsMax: desired.blocksMax };
  state.protect = desired.protect.map(requireTarget);
  state.storm = desired.storm;
  state.quietUntilMs = performance.now() + QUIET_MS;
  const listing = await listNumbered(state);
  state.handle = readTableHandle(listing, state.table);
  state.written = { shape: readShape(listing, state.table), sipPorts: desired.sipPorts };
  if (state.ownMark !== null) state.presence ??= await announce(state.ownMark);
}

async function protect(state: State, peers: readonly string[]): Promise<void> {
  const before = protectSetNames(state.protect.map(({ text }) => text));
  await state.nft(['-f', '-'], buildProtectScript(state.table, peers, before), true);
  state.protect = peers.map(requireTarget);
}

async function limit(state: State, on: boolean): Promise<void> {
  await state.nft(['-f', '-'], buildLimitScript(state.table, on, state.storm), false);
  const { written, table } = state;
  if (written === null) return;
  const shape = withLimitOf(written.shape, readShape(await listNumbered(state), table));
  state.written = { ...written, shape };
}

/** `list tables` of nft 1.0.6 gives no numbers. */
const listNumbered = ({ nft }: State): Promise<string> =>
  nft(['-a', '-t', 'list', 'ruleset', 'inet'], null, false);

async function look(state: State): Promise<FirewallLook> {
  const ruleset = await listNumbered(state);
  const owner = readTableOwner(ruleset, state.table);
  const isOurs = state.handle === null || state.handle === readTableHandle(ruleset, state.table);
  const isThere = isOurs && readKnownSets(ruleset, state.table) !== null;
  const foreign = isThere ? await findForeign(state, ruleset).catch(noneIfGone) : [];
  return {
    present: isThere && foreign?.length === 0,
    foreign: foreign ?? [],
    owner,
    keeperPid: owner === null ? null : findKeeper(owner),
  };
}

/**
 * What others did to what stands: rules, chains and sets, and the elements that let somebody through.
 * Those of blocks are many, and compared now and then one by one (`visit`).
 */
async function findForeign(state: State, ruleset: string): Promise<readonly string[]> {
  const { written, table, nft } = state;
  if (written === null) return [];
  const found = [...differences(written.shape, readShape(ruleset, table))];
  const sets = protectSetNames(state.protect.map(({ text }) => text));
  const named = groupProtected(state.protect.map(({ text }) => text));
  // One call for each: nft 1.0.6 reads the elements of one set alone, whatever it is asked for.
  for (const name of [...sets, 'sip_ports'].slice(0, LIMITS.firewallSetsLookedAtMax)) {
    const listing = await nft(['list', 'set', 'inet', table, name], null, false);
    const wanted = name === 'sip_ports' ? written.sipPorts.map(String) : targetsOf(named, name);
    const elements = differences(wanted, readElements(listing, name));
    found.push(...elements.map((each) => `set ${name}: ${each}`));
  }
  return found;
}

/** Null: what stood a moment ago was taken away meanwhile. */
function noneIfGone(error: unknown): null {
  if (error instanceof AgentError && error.code === 'FIREWALL_GONE') return null;
  throw error;
}

const targetsOf = (sets: ReturnType<typeof groupProtected>, name: string): readonly string[] => {
  const { prefix } = requireKey(name);
  return [...(sets.get(name)?.keys() ?? [])].map((address) => `${address}/${prefix}`);
};

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
  state.handle = null;
  state.written = null;
  const script = `add table inet ${state.table}\ndelete table inet ${state.table}\n`;
  await state.nft(['-f', '-'], script, true);
}
