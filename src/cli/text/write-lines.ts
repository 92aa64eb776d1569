import { once } from 'node:events';
import { safeOutput } from '../../core/common/text.js';

/** Writes lines to stdout, and waits while whoever reads them is slow. */
export async function writeLines(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  if (!process.stdout.write(safeOutput(`${lines.join('\n')}\n`)))
    await once(process.stdout, 'drain');
}
