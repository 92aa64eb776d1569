import { execa } from 'execa';
import type { FirewallChange } from '../core/model/block.js';
import { AgentError } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import { quoteText } from '../core/common/text.js';
import { limitGroup } from './child-group.js';
import { NO_STORM, type DesiredFirewall, type Firewall, type StormLimit } from './port.js';
import { createMutex } from '../core/common/mutex.js';
import { rootRights } from './root-rights.js';

export interface HookOptions {
  /** The operator's program and its first arguments. */
  readonly hookCommand?: readonly string[];
  readonly hookMsMax?: number;
}

interface State {
  readonly command: readonly string[];
  readonly msMax: number;
  protect: readonly string[];
  storm: StormLimit;
}

/**
 * A program of the operator's writes the blocks: pf, a router, a cloud's firewall. It is called with
 * one word (`probe`, `sync`, `apply`, `protect`, `limit`, `remove`) behind its own arguments, and a
 * JSON object on stdin (docs/FIREWALL.md). Exit code 0 means that it is done; anything else, or more
 * than `hookMsMax`, that nothing of it is. One call at a time. What it wrote cannot be read back.
 */
export function createHook(options: HookOptions = {}): Firewall {
  const state: State = {
    command: options.hookCommand ?? [],
    msMax: options.hookMsMax ?? LIMITS.hookMsMax,
    protect: [],
    storm: NO_STORM,
  };
  const mutex = createMutex();
  const call = (action: string, body: object): Promise<string> =>
    mutex.run(() => run(state, action, body));
  return {
    name: 'hook',
    readable: false,
    expiresItself: false,
    takesBeside: true,
    addsSideBySide: false,
    watched: () => false,
    probe: async () => {
      const said = await call('probe', {});
      return `hook ${state.command[0] ?? ''}${said === '' ? '' : `: ${said}`}`;
    },
    sync: async (desired) => {
      await call('sync', syncBody(desired));
      state.protect = desired.protect;
      state.storm = desired.storm;
    },
    restore: () => Promise.resolve(false),
    apply: async (changes) => {
      await call('apply', { changes: changes.map(changeBody) });
    },
    protect: async (peers) => {
      await call('protect', { protect: peers });
      state.protect = peers;
    },
    limit: async (on) => {
      await call('limit', { on, ...limitBody(state.storm) });
    },
    remove: async () => {
      await call('remove', {});
    },
    look: () => Promise.resolve({ present: true, foreign: [], owner: null, keeperPid: null }),
    visit: () => Promise.resolve(true),
    watch: () => undefined,
    read: () => Promise.resolve({ present: true, protect: state.protect, blocks: [] }),
    print: () => Promise.resolve(`what ${state.command.join(' ')} wrote cannot be read back`),
    close: () => Promise.resolve(),
  };
}

const limitBody = ({ rate, udpPort, addresses }: StormLimit): object => ({
  new_flows_per_second: rate,
  udp_port: udpPort,
  addresses,
});

const syncBody = (desired: DesiredFirewall): object => {
  const { protect, sipPorts, trap, blocks, limiting, storm } = desired;
  return {
    protect,
    sip_ports: sipPorts,
    trap: { udp_ports: trap.udpPorts, tcp_ports: trap.tcpPorts, addresses: trap.addresses },
    limit: { on: limiting, ...limitBody(storm) },
    blocks: blocks.map(({ target, scope, timeoutS }) => ({ target, scope, timeout_s: timeoutS })),
  };
};

const changeBody = (change: FirewallChange): object => ({
  action: change.kind,
  target: change.target,
  scope: change.scope,
  ...(change.kind === 'add' ? { timeout_s: change.timeoutS } : {}),
});

/** The first line of what the program printed. Rejects with FIREWALL_MISSING or FIREWALL_FAILED. */
async function run({ command, msMax }: State, action: string, body: object): Promise<string> {
  const [program, ...before] = command;
  if (program === undefined) {
    throw new AgentError(
      'FIREWALL_MISSING',
      'backend is hook, but no program is named',
      'set hook_command in section [blocking]',
    );
  }
  const running = execa(program, [...before, action], {
    ...rootRights(),
    input: `${JSON.stringify({ action, ...body })}\n`,
    reject: false,
    maxBuffer: LIMITS.controlBodyBytesMax,
    detached: true,
  });
  const limit = limitGroup(running, msMax);
  const result = await running;
  const words = quoteText((result.stderr || result.stdout || result.shortMessage) ?? '');
  if (limit.late) throw failed(`did not finish ${action} within ${msMax} ms, and was ended`);
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    throw new AgentError(
      'FIREWALL_MISSING',
      `the hook program ${quoteText(program)} cannot be run (${result.code})`,
      'name it with its whole path in hook_command, and make it executable',
    );
  }
  if (result.failed) throw failed(`refused ${action} (exit ${result.exitCode ?? '?'}): ${words}`);
  return quoteText(result.stdout.split('\n')[0] ?? '');
}

const failed = (what: string): AgentError =>
  new AgentError(
    'FIREWALL_FAILED',
    `the hook program ${what}`,
    'call it by hand with the JSON of docs/FIREWALL.md on stdin',
  );
