import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { covers, type Cidr } from '../../core/common/address.js';
import type { FirewallChange } from '../../core/model/block.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { requireBlockTarget, requireTarget } from '../nftables/ruleset.js';
import type { ActualBlock, DesiredFirewall, Firewall } from '../port.js';
import { rootRights } from '../root-rights.js';
import { createMutex } from '../../core/common/mutex.js';
import {
  commentOf,
  hasForeignTwin,
  portGroups,
  readUfwBlocks,
  ufwTarget,
  writeUfwBlocks,
  type UfwBlock,
} from './rules.js';
import { runUfw, withUfwLock } from './run.js';

export interface UfwOptions {
  /** What must stand before `ufw` and `python3`. */
  readonly ufwBefore?: readonly string[];
  readonly ufwFolder?: string;
}

interface State {
  readonly before: readonly string[];
  readonly folder: string;
  sipPorts: readonly number[];
  protect: readonly Cidr[];
  /** Blocks that a rule of the administrator makes already: none of ours is written beside it. */
  readonly twins: Map<string, UfwBlock>;
}

/** Single calls cost 170 ms each, writing the files and reloading 2 s at any number (measured). */
const SINGLE_CHANGES_MAX = 8;

/** What ufw does not tell. */
const UNTOLD = { foreign: [], owner: null, keeperPid: null } as const;

/**
 * The ufw backend: our rules carry our comment and stand before the administrator's, which are never
 * changed. One ufw at a time: parallel calls lose rules and report success (measured). ufw accepts
 * established flows before its deny rules, so a blocked UDP talker goes on, and has no timeouts: the
 * job `block_expiry` takes ended blocks away. It cannot leave the trap open to a blocked source.
 */
export function createUfw(options: UfwOptions = {}): Firewall {
  const state: State = {
    before: options.ufwBefore ?? [],
    folder: options.ufwFolder ?? '/etc/ufw',
    sipPorts: [],
    protect: [],
    twins: new Map(),
  };
  const mutex = createMutex();
  const blocksNow = (): Promise<readonly UfwBlock[]> => readBlocks(state);
  return {
    name: 'ufw',
    readable: true,
    expiresItself: false,
    takesBeside: false,
    addsSideBySide: false,
    watched: () => false,
    probe: () => mutex.run(() => probe(state)),
    sync: (desired) => mutex.run(() => sync(state, desired)),
    restore: () => Promise.resolve(false),
    apply: (changes) => mutex.run(() => apply(state, changes)),
    protect: (peers) => {
      state.protect = peers.map(requireTarget);
      return Promise.resolve();
    },
    limit: () =>
      Promise.reject(
        new AgentError('FIREWALL_FAILED', 'ufw cannot limit a storm', 'use backend = nftables'),
      ),
    look: async () => ({
      present: await mutex.run(() => isActive(state)),
      ...UNTOLD,
    }),
    visit: async (see) => {
      for (const block of await mutex.run(blocksNow)) see(asActual(block));
      return true;
    },
    watch: () => undefined,
    read: async () => {
      const blocks = (await mutex.run(blocksNow)).map(asActual);
      return { present: true, protect: [], blocks };
    },
    print: async () => {
      const lines = (await mutex.run(() => runUfw(state.before, ['show', 'added']))).split('\n');
      return lines.filter((line) => line.includes("comment 'sentrypeer ")).join('\n');
    },
    remove: () =>
      mutex.run(async () => {
        state.twins.clear();
        await rewrite(state, () => []);
      }),
    close: () => Promise.resolve(),
  };
}

/** ufw tells neither times nor counts. */
const asActual = (block: UfwBlock): ActualBlock => ({
  ...block,
  expiresS: null,
  ageS: null,
  packetsDropped: 0,
});

async function isActive({ before }: State): Promise<boolean> {
  return /^Status: active/m.test(await runUfw(before, ['status']));
}

async function probe(state: State): Promise<string> {
  if (rootRights().uid !== undefined) throw notRoots();
  const version = (await runUfw(state.before, ['--version'])).split('\n')[0] ?? 'ufw';
  if (await isActive(state)) return version;
  throw new AgentError(
    'FIREWALL_FAILED',
    'ufw is installed but not active',
    'type `ufw enable` (allow your SSH port first), or set backend = nftables in [blocking]',
  );
}

/** Its files are read and written here, and that is root's. */
const notRoots = (): AgentError =>
  new AgentError(
    'FIREWALL_DENIED',
    "ufw is root's, and the state folder belongs to another user, whose rights this command has",
    'start the service with User=root once (docs/FIREWALL.md), which makes the folder root’s',
  );

async function sync(state: State, desired: DesiredFirewall): Promise<void> {
  state.sipPorts = desired.sipPorts;
  state.protect = desired.protect.map(requireTarget);
  state.twins.clear();
  for (const block of desired.blocks) refuseBeside(block);
  const isWanted = byKey(desired.blocks);
  const now = await readBlocks(state);
  // A reload of 2 s is saved when an earlier run left it as it must be.
  if (now.length === isWanted.size && now.every((block) => isWanted.has(keyOf(block)))) return;
  await rewrite(state, () => [...isWanted.values()]);
}

async function apply(state: State, changes: readonly FirewallChange[]): Promise<void> {
  for (const change of changes) {
    if (change.kind !== 'add') continue;
    refuseBeside(change);
    refuseProtected(state, change);
  }
  // For one target and scope the last one counts.
  const last = [...byKey(changes).values()];
  if (last.length > SINGLE_CHANGES_MAX) {
    await rewrite(state, (now) => {
      const blocks = byKey(now);
      for (const change of last) {
        if (change.kind === 'add') blocks.set(keyOf(change), change);
        else blocks.delete(keyOf(change));
      }
      return [...blocks.values()];
    });
    return;
  }
  for (const change of last) await applyOne(state, change);
}

async function applyOne(state: State, change: FirewallChange): Promise<void> {
  const file = await readFile(fileOf(state, ufwTarget(change.target).family), 'latin1');
  if (isTwin(state, file, change)) return;
  state.twins.delete(keyOf(change));
  const stands = readUfwBlocks(file).some((block) => keyOf(block) === keyOf(change));
  if (stands === (change.kind === 'add')) return;
  const verb = change.kind === 'add' ? 'prepend' : 'delete';
  const comment = change.kind === 'add' ? ['comment', commentOf(change.scope)] : [];
  const { text } = ufwTarget(change.target);
  if (change.scope !== 'sip') {
    await runUfw(state.before, [verb, 'deny', 'from', text, ...comment]);
    return;
  }
  for (const ports of portGroups(state.sipPorts)) {
    for (const proto of ['udp', 'tcp']) {
      const rule = ['deny', 'proto', proto, 'from', text, 'to', 'any', 'port', ports];
      await runUfw(state.before, [verb, ...rule, ...comment]);
    }
  }
}

/** Writes our rules anew into both files under ufw's lock, and loads them. */
async function rewrite(
  state: State,
  change: (now: readonly UfwBlock[]) => readonly UfwBlock[],
): Promise<void> {
  await withUfwLock(state.before, async () => {
    const wanted = change(await readBlocks(state));
    for (const family of [4, 6] as const) {
      const file = fileOf(state, family);
      const before = await readFile(file, 'latin1');
      const blocks = wanted.filter(
        (block) =>
          ufwTarget(block.target).family === family &&
          !isTwin(state, before, { kind: 'add', ...block }),
      );
      const after = writeUfwBlocks(before, blocks, state.sipPorts);
      if (after === null) throw unreadable(file);
      if (after !== before) await replaceFile(file, after);
    }
  });
  await runUfw(state.before, ['reload'], LIMITS.firewallBulkMsMax);
}

/** True when the administrator has this very rule; then it is noted as in force, or no longer wanted. */
function isTwin(
  { twins }: State,
  file: string,
  { kind, target, scope }: UfwBlock & Pick<FirewallChange, 'kind'>,
): boolean {
  if (scope === 'sip' || !hasForeignTwin(file, target)) return false;
  if (kind === 'add') twins.set(keyOf({ target, scope }), { target, scope });
  else twins.delete(keyOf({ target, scope }));
  return true;
}

/** Whole or not at all, with the mode that it had. */
async function replaceFile(file: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(file);
  const copy = `${file}.sentrypeer`;
  await writeFile(copy, text, { encoding: 'latin1', mode });
  await chown(copy, uid, gid);
  await rename(copy, file);
}

async function readBlocks(state: State): Promise<readonly UfwBlock[]> {
  const files = await Promise.all(
    ([4, 6] as const).map((family) => readFile(fileOf(state, family), 'latin1')),
  );
  const [ipv4 = '', ipv6 = ''] = files;
  const twins = [...state.twins.values()].filter(({ target }) =>
    hasForeignTwin(target.includes(':') ? ipv6 : ipv4, target),
  );
  return [...files.flatMap(readUfwBlocks), ...twins];
}

const fileOf = ({ folder }: State, family: 4 | 6): string =>
  join(folder, family === 4 ? 'user.rules' : 'user6.rules');

const keyOf = ({ target, scope }: UfwBlock): string => `${scope} ${target}`;

const byKey = <T extends UfwBlock>(items: readonly T[]): Map<string, T> =>
  new Map(items.map((item) => [keyOf(item), item]));

function refuseProtected({ protect }: State, { target, scope }: UfwBlock): void {
  const cidr = requireBlockTarget(target);
  const peer = scope === 'forced' ? undefined : protect.find((each) => covers(each, cidr));
  if (peer === undefined) return;
  throw new AgentError(
    'PROTECTED',
    `${target} is within the protected peer ${peer.text}`,
    'take the peer off the protected ones first',
  );
}

/**
 * Nothing of ufw's says "all but these sockets": its `allow` for the trap would end the way of the packet
 * before the administrator's own rules, and its `deny` names no address that is meant to stay open.
 */
function refuseBeside({ target, scope }: UfwBlock): void {
  if (scope !== 'beside') return;
  throw new AgentError(
    'FIREWALL_FAILED',
    `${target} is to be closed but for the trap, which ufw cannot do`,
    'remove that block, or set backend = nftables in [blocking]',
  );
}

const unreadable = (file: string): AgentError =>
  new AgentError(
    'FIREWALL_FAILED',
    `${file} is not as ufw writes it: it has no rules section`,
    'see `ufw status`; `ufw reset` makes it anew',
  );
