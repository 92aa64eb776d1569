import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Rule } from '../../core/model/rule.js';
import type { RuleEntry } from './parse-rules.js';
import { readPrepared, writePrepared, type RuleText } from './prepared-rules.js';
import { ruleError } from './rule-faults.js';
import { suggest } from '../suggest.js';

/**
 * Reads the rules of all `*.yaml` files of the directories, in the order of their names. A rule in
 * a later directory takes the place of one with the same id in an earlier one, or, with
 * `enabled: false`, switches it off. A directory that is not there has no rules. Rejects with AgentError RULES_INVALID, which names file, line, column
 * and what is allowed, for the first thing that is wrong, and when there is no rule at all.
 * `prepared`: a file of `prepareRules`, which spares parsing where a directory is still the same.
 */
export async function loadRules(
  directories: readonly string[],
  prepared: string | null = null,
): Promise<readonly Rule[]> {
  const byId = new Map<string, Rule>();
  for (const directory of directories) {
    for (const entry of await loadDirectory(directory, prepared)) {
      if (entry.rule !== null) byId.set(entry.id, entry.rule);
      else if (!byId.delete(entry.id)) throw nothingToSwitchOff(entry, byId);
    }
  }
  if (byId.size === 0) {
    const message = `no rules are to be found in ${directories.join(', ')}`;
    throw new AgentError('RULES_INVALID', message, 'Install the program again: it brings rules.');
  }
  return [...byId.values()];
}

async function loadDirectory(
  directory: string,
  prepared: string | null,
): Promise<readonly RuleEntry[]> {
  const texts = await readRuleTexts(directory);
  const known = prepared === null ? null : await readPrepared(prepared, directory, texts);
  const entries = known ?? (await parseTexts(texts));
  refuseTwins(entries);
  return entries;
}

async function parseTexts(texts: readonly RuleText[]): Promise<readonly RuleEntry[]> {
  if (texts.length === 0) return [];
  // Loaded only where something must be parsed: a start need not wait for it.
  const { parseEntries } = await import('./parse-rules.js');
  return texts.flatMap(({ file, text }) => parseEntries(text, file));
}

/**
 * Writes what the rules of a directory say into a file that `loadRules` reads in a tenth of the
 * time. Rejects as that does, and with the error of writing.
 */
export async function prepareRules(directory: string, file: string): Promise<void> {
  const texts = await readRuleTexts(directory);
  await writePrepared(file, texts, await parseTexts(texts));
}

async function readRuleTexts(directory: string): Promise<readonly RuleText[]> {
  const names = (await listDirectory(directory)).filter((name) => name.endsWith('.yaml')).sort();
  const texts: RuleText[] = [];
  for (const name of names) {
    const file = join(directory, name);
    texts.push({ file, text: await readRuleFile(file) });
  }
  return texts;
}

function nothingToSwitchOff(entry: RuleEntry, known: ReadonlyMap<string, Rule>): AgentError {
  const nearest = suggest(entry.id, [...known.keys()]);
  const hint = nearest === null ? '' : ` (did you mean '${nearest}'?)`;
  const what = `id: there is no rule '${entry.id}' to switch off${hint}`;
  return ruleError(entry.sourceFile, entry.sourceLine, 1, what);
}

function refuseTwins(rules: readonly RuleEntry[]): void {
  const first = new Map<string, RuleEntry>();
  for (const rule of rules) {
    const twin = first.get(rule.id);
    if (twin !== undefined) {
      const where = `${twin.sourceFile}:${twin.sourceLine}`;
      const what = `id: the rule '${rule.id}' is already defined in ${where}`;
      throw ruleError(rule.sourceFile, rule.sourceLine, 1, what);
    }
    first.set(rule.id, rule);
  }
}

async function listDirectory(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unreadable(directory, error);
  }
}

/** The text of one rule file. Rejects with RULES_INVALID when it is too large or unreadable. */
export async function readRuleFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > LIMITS.ruleFileBytesMax) {
      const most = LIMITS.ruleFileBytesMax;
      throw ruleError(file, 1, 1, `the file has ${size} bytes, at most ${most} are allowed`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): AgentError {
  const cause = messageOf(error);
  const message = `${path}: the rules cannot be read: ${cause}`;
  return new AgentError('RULES_INVALID', message, 'Give the agent the right to read it.', error);
}
