import { existsSync } from 'node:fs';
import { AgentError } from '../../core/common/errors.js';
import { createNftables } from '../../firewall/nftables/nftables.js';
import type { Firewall } from '../../firewall/port.js';
import { createUfw } from '../../firewall/ufw/ufw.js';

/** Where ufw keeps its rules; not there: there is no ufw, and nothing of ours in it. */
const UFW_RULES = '/etc/ufw/user.rules';

/**
 * Takes our rules out of nftables and ufw; false when there were none. The table of a trial is left to
 * the trial, which takes it away itself when it stops.
 */
export async function takeAwayFirewall(): Promise<boolean> {
  const fromNftables = await takeAwayNftables(createNftables());
  const fromUfw = existsSync(UFW_RULES) && (await takeAwayUfw(createUfw()));
  return fromNftables || fromUfw;
}

async function takeAwayNftables(firewall: Firewall): Promise<boolean> {
  try {
    const { owner } = await firewall.look();
    if (owner?.kind === 'trial' || (await firewall.print()) === '') return false;
    await firewall.remove();
    return true;
  } catch (error) {
    // Without nft nothing of ours can be in the kernel: we write through it alone.
    if (error instanceof AgentError && error.code === 'FIREWALL_MISSING') return false;
    throw error;
  }
}

async function takeAwayUfw(firewall: Firewall): Promise<boolean> {
  const { blocks } = await firewall.read();
  if (blocks.length === 0) return false;
  await firewall.remove();
  return true;
}
