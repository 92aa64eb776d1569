import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** How far one file was read, and what tells it from another of its name. */
export interface Position {
  /** Device and inode. */
  readonly identity: string;
  /** Where the first line begins that was not read. */
  readonly offset: number;
  /** How many of its first bytes there were, and their digest: an inode is used again. */
  readonly head: string;
}

export interface Positions {
  readonly files: Record<string, Position>;
  /** The cursor of each unit of the journal. */
  readonly journal: Record<string, string>;
}

const position = z.strictObject({
  identity: z.string().max(64),
  offset: z.int().min(0),
  head: z.string().max(128),
});
const positions = z.object({
  files: z.record(z.string(), position),
  journal: z.record(z.string(), z.string().max(1_024)),
});

/** What was kept; nothing where there is no such file, or it is damaged: then logs are read from their end. */
export async function loadPositions(file: string): Promise<Positions> {
  try {
    const read = positions.safeParse(JSON.parse(await readFile(file, 'utf8')));
    if (read.success) return read.data;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof Error && 'code' in error))
      throw error;
  }
  return { files: {}, journal: {} };
}

/** Whole or not at all. Rejects with the error of writing. */
export async function savePositions(file: string, kept: Positions): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(kept), { mode: 0o600 });
  await rename(draft, file);
}
