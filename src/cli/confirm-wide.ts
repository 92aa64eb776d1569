import { createInterface } from 'node:readline/promises';
import { explainWidth, isWide } from '../core/block/request.js';
import { parseCidr } from '../core/common/address.js';

/**
 * Asks whether so wide a network is meant; true for a yes. Nobody is asked where nobody sits, and
 * none but the wide: the agent refuses those then.
 */
export async function confirmWide(target: string): Promise<boolean> {
  const cidr = parseCidr(target);
  if (cidr === null || cidr.prefix === 0 || !isWide(cidr)) return false;
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(
      `${cidr.text}: ${explainWidth(cidr)}. Block it all the same? [y/N] `,
    );
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}
