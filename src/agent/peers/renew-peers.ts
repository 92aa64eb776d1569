import { createProtectTable, type ProtectTable } from '../../core/block/protect.js';
import { step } from '../../core/step.js';
import type { EffectRunner } from '../effects.js';
import type { AgentContext } from '../agent-context.js';

async function gather(context: AgentContext): Promise<ProtectTable> {
  const { loaded, reader, peers, nowUs } = context;
  const place = loaded.origins['blocking.protect'] ?? 'default';
  const configured = loaded.settings.blocking.protect;
  const stored = await reader.protectedPeers();
  return createProtectTable(await peers.gather({ configured, place, stored }, nowUs()));
}

/** Before the firewall is written for the first time: blocks are looked at when the runner is there. */
export async function takePeers(context: AgentContext): Promise<void> {
  const { state } = context;
  state.blocks = { ...state.blocks, protect: await gather(context) };
}

/**
 * Looks anew who is protected, lifts blocks of those who are now, and tells the firewall. Resolves
 * to how many peers there are and how many blocks were lifted.
 */
export async function renewPeers(
  context: AgentContext,
  runner: EffectRunner,
): Promise<{ readonly peers: number; readonly lifted: number }> {
  const { state, nowUs, keeper } = context;
  const before = state.blocks.protect;
  const protect = await gather(context);
  const effects = step(state, { kind: 'protect', protect }, nowUs());
  const lifted = effects.filter(({ kind }) => kind === 'block-ended').length;
  if (textOf(before) !== textOf(protect)) await keeper.protect();
  runner.run(effects, null);
  return { peers: protect.peers.length, lifted };
}

const textOf = ({ peers }: ProtectTable): string => peers.map(({ target }) => target).join(' ');
