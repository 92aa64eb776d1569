import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RuleEntry } from './parse-rules.js';

/** A rule file as it is. */
export interface RuleText {
  readonly file: string;
  readonly text: string;
}

/** What rule files say, with the digest of those files: others say something else. */
interface PreparedRules {
  readonly digest: string;
  /** Their files without the directory. */
  readonly entries: readonly RuleEntry[];
}

/** The entries of these files of a directory; null where other files were prepared, or none. */
export async function readPrepared(
  prepared: string,
  directory: string,
  texts: readonly RuleText[],
): Promise<readonly RuleEntry[] | null> {
  let read: PreparedRules;
  try {
    // Written by writePrepared of the same build.
    read = JSON.parse(await readFile(prepared, 'utf8')) as PreparedRules;
  } catch {
    // Nothing is lost without it but time.
    return null;
  }
  if (read.digest !== digestOf(texts)) return null;
  return read.entries.map((entry) => placed(entry, (name) => join(directory, name)));
}

export async function writePrepared(
  prepared: string,
  texts: readonly RuleText[],
  entries: readonly RuleEntry[],
): Promise<void> {
  const named = entries.map((entry) => placed(entry, (file) => basename(file)));
  const content: PreparedRules = { digest: digestOf(texts), entries: named };
  await writeFile(prepared, JSON.stringify(content));
}

function placed({ id, rule, sourceFile, sourceLine }: RuleEntry, to: (file: string) => string) {
  const place = { sourceFile: to(sourceFile), sourceLine };
  return { id, rule: rule === null ? null : { ...rule, ...place }, ...place };
}

function digestOf(texts: readonly RuleText[]): string {
  const hash = createHash('sha256');
  for (const { file, text } of texts) hash.update(`${basename(file)}\0${text}\0`);
  return hash.digest('hex');
}
