import { AgentError } from '../core/model/errors.js';
import { createNftables } from '../firewall/nftables.js';

/** Takes our table out of the kernel; false when it was not there, or there is no nft at all. */
export async function takeAwayFirewall(): Promise<boolean> {
  const firewall = createNftables();
  try {
    const { present } = await firewall.read();
    if (present) await firewall.remove();
    return present;
  } catch (error) {
    // Without nft nothing of ours can be in the kernel: we write through it alone.
    if (error instanceof AgentError && error.code === 'FIREWALL_MISSING') return false;
    throw error;
  }
}
