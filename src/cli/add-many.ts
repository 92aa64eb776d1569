import { text as readAll } from 'node:stream/consumers';
import { open } from 'node:fs/promises';
import type { AddBlock, AddedBlocks, AgentCalls } from '../api/calls.js';
import { AgentError, messageOf } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import type { ReadBlocks } from './block-import.js';
import { count } from './text/words.js';

/** The text of a file, or of stdin for `-`. Rejects with USAGE, also when it is too long. */
export async function readInput(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > LIMITS.firewallOutputBytesMax) throw new Error('it is too long');
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = messageOf(error);
    throw new AgentError(
      'USAGE',
      `file ${file}: ${why}`,
      'name a file that can be read, or -',
      error,
    );
  }
}

/** Adds any number of blocks, as many in one request as the agent takes. */
export async function addMany(
  calls: AgentCalls,
  blocks: readonly AddBlock[],
  origin: 'manual' | 'import',
): Promise<AddedBlocks> {
  let added = 0;
  const refused: AddedBlocks['refused'][number][] = [];
  for (let at = 0; at < blocks.length; at += LIMITS.blocksPerRequestMax) {
    const part = await calls.addBlocks(blocks.slice(at, at + LIMITS.blocksPerRequestMax), origin);
    added += part.added;
    for (const each of part.refused) refused.push(each);
  }
  return { added, refused };
}

const SHOWN_MAX = 20;

/** What came of it, for people. */
export function describeAdded(
  { added, refused }: AddedBlocks,
  { odd, oddTotal }: Pick<ReadBlocks, 'odd' | 'oddTotal'>,
): string {
  const notUnderstood = oddTotal === 0 ? '' : `, ${oddTotal} not understood or over already`;
  const lines = [`${count(added, 'block')} added, ${refused.length} refused${notUnderstood}.`];
  for (const { target, why } of refused.slice(0, SHOWN_MAX)) {
    lines.push(`  ${target}: ${why.replace(`block target ${target}: `, '')}`);
  }
  if (refused.length > SHOWN_MAX) lines.push(`  and ${refused.length - SHOWN_MAX} more refused`);
  for (const { line, text } of odd) lines.push(`  line ${line}: no target, or over: ${text}`);
  if (oddTotal > odd.length) lines.push(`  and ${oddTotal - odd.length} more not understood`);
  return lines.join('\n');
}
