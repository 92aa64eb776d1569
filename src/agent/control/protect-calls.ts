import type { ProtectedNow, ProtectPeer } from '../../api/calls.js';
import type { PeerView } from '../../api/views.js';
import { peer as peerReader } from '../../config/keys/readers.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import type { EffectRunner } from '../effects.js';
import { renewPeers } from '../peers/renew-peers.js';
import type { AgentContext } from '../agent-context.js';

export const viewPeers = ({ state }: AgentContext): readonly PeerView[] =>
  state.blocks.protect.peers.map(({ target, from }) => ({ target, from }));

/** Protects a peer from now on and lifts what blocks it. Rejects with USAGE for what is no peer. */
export async function protectPeer(
  context: AgentContext,
  runner: EffectRunner,
  { name: text, note }: ProtectPeer,
): Promise<ProtectedNow> {
  const { store, reader, state, nowUs, log } = context;
  const name = readPeer(text);
  const stored = await reader.protectedPeers();
  if (stored.length >= LIMITS.protectedPeersMax) throw full();
  await store.protectPeer({ name, addedAtUs: nowUs(), note: quoteText(note) });
  const { lifted } = await renewPeers(context, runner);
  await settleStore(context, runner);
  log.say(`${name} is protected from now on; ${lifted} blocks were lifted`);
  const targets = state.blocks.protect.peers
    .filter(({ target, from }) => target === name || from.endsWith(` ${name}`))
    .map(({ target }) => target);
  return { name, targets, lifted_blocks: lifted };
}

/** Ends a protection that `protect add` made. Rejects with PROTECTED for one that is not ours to end. */
export async function unprotectPeer(
  context: AgentContext,
  runner: EffectRunner,
  text: string,
): Promise<{ readonly removed: string }> {
  const { loaded, store, state, log } = context;
  const name = readPeer(text);
  if (await store.unprotectPeer(name)) {
    await renewPeers(context, runner);
    log.say(`${name} is no longer protected by a command`);
    return { removed: name };
  }
  if (loaded.settings.blocking.protect.includes(name)) {
    const place = loaded.origins['blocking.protect'] ?? 'the configuration';
    throw new AgentError(
      'PROTECTED',
      `${name} is protected by the configuration, at ${place}`,
      'take it out of `protect` there: a change is taken over at once',
    );
  }
  const found = state.blocks.protect.peers.find(({ target }) => target === name);
  if (found !== undefined) {
    throw new AgentError(
      'PROTECTED',
      `${name} is protected because it is: ${found.from}`,
      'what the agent finds by itself cannot be taken off; a block by force (--force; "force": true) blocks it all the same',
    );
  }
  throw new AgentError(
    'NOT_FOUND',
    `${name} is not protected`,
    'see `sentrypeer-agent protect list`',
  );
}

function readPeer(text: string): string {
  const reading = peerReader.read(text.trim());
  if (reading.ok) return reading.value;
  throw new AgentError(
    'USAGE',
    `protected peer ${quoteText(text)}: ${reading.why}`,
    `give ${peerReader.allowed}`,
  );
}

async function settleStore({ store, keeper }: AgentContext, runner: EffectRunner): Promise<void> {
  runner.handOver();
  await keeper.idle();
  await store.flush();
}

const full = (): AgentError =>
  new AgentError(
    'USAGE',
    `more than ${LIMITS.protectedPeersMax} peers cannot be protected`,
    'protect a network instead of many addresses',
  );
