import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { Rule } from '../core/model/rule.js';
import { compileCondition } from '../core/detect/condition.js';
import { conditionError, lineOf, ruleError, schemaError } from './rule-faults.js';
import type { RuleDocument } from './rule-faults.js';
import { suggest } from './suggest.js';
import { ruleSchema, switchOffSchema } from './rule-schema.js';

/** One document of a rule file: a rule, or that the rule of that id is switched off. */
interface RuleEntry {
  readonly id: string;
  readonly rule: Rule | null;
  readonly sourceFile: string;
  readonly sourceLine: number;
}

/**
 * Reads the rules of all `*.yaml` files of the directories, in the order of their names. A rule in
 * a later directory takes the place of one with the same id in an earlier one, or, with
 * `enabled: false`, switches it off. A directory that is not there has no rules. Rejects with AgentError RULES_INVALID, which names file, line, column
 * and what is allowed, for the first thing that is wrong, and when there is no rule at all.
 */
export async function loadRules(directories: readonly string[]): Promise<readonly Rule[]> {
  const byId = new Map<string, Rule>();
  for (const directory of directories) {
    for (const entry of await loadDirectory(directory)) {
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

/**
 * The rules of one text, which may hold several YAML documents; those switched off are left out.
 * `file` is for messages.
 */
export function parseRules(text: string, file: string): readonly Rule[] {
  return parseEntries(text, file).flatMap(({ rule }) => rule ?? []);
}

function parseEntries(text: string, file: string): readonly RuleEntry[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  const entries: RuleEntry[] = [];
  for (const document of documents) {
    const error = document.errors[0];
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw ruleError(file, line, col, `this is not YAML: ${error.message}`);
    }
    const at = { file, document, lines };
    const value = valueOf(at);
    if (value !== null) entries.push(readEntry(at, value));
  }
  return entries;
}

function valueOf(at: RuleDocument): unknown {
  try {
    return at.document.toJS();
  } catch (error) {
    // The library throws this for an alias without an anchor and for aliases that multiply.
    if (!(error instanceof ReferenceError)) throw error;
    throw ruleError(at.file, lineOf(at), 1, `this is not YAML: ${error.message}`);
  }
}

async function loadDirectory(directory: string): Promise<readonly RuleEntry[]> {
  const files = (await listDirectory(directory)).filter((name) => name.endsWith('.yaml')).sort();
  const entries: RuleEntry[] = [];
  for (const name of files) {
    const file = join(directory, name);
    entries.push(...parseEntries(await readRuleFile(file), file));
  }
  refuseTwins(entries);
  return entries;
}

function readEntry(at: RuleDocument, value: unknown): RuleEntry {
  const place = { sourceFile: at.file, sourceLine: lineOf(at) };
  const off = switchOffSchema.safeParse(value);
  if (off.success) return { id: off.data.id, rule: null, ...place };
  const result = ruleSchema.safeParse(value);
  if (!result.success) {
    // A key that is written wrong is also missing; the wrong one is the better thing to say.
    const { issues } = result.error;
    const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
    if (issue !== undefined) throw schemaError(at, issue);
    throw result.error;
  }
  const { id, rule } = result.data;
  checkCondition(at, ['when'], rule?.when ?? null);
  checkCondition(at, ['count', 'forget_when'], rule?.count?.forgetWhen ?? null);
  return { id, rule: rule === null ? null : { ...rule, ...place }, ...place };
}

function nothingToSwitchOff(entry: RuleEntry, known: ReadonlyMap<string, Rule>): AgentError {
  const nearest = suggest(entry.id, [...known.keys()]);
  const hint = nearest === null ? '' : ` (did you mean '${nearest}'?)`;
  const what = `id: there is no rule '${entry.id}' to switch off${hint}`;
  return ruleError(entry.sourceFile, entry.sourceLine, 1, what);
}

function checkCondition(at: RuleDocument, path: readonly string[], source: string | null): void {
  const result = source === null ? null : compileCondition(source);
  if (result?.ok === false) throw conditionError(at, path, result.fault);
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
  const cause = error instanceof Error ? error.message : String(error);
  const message = `${path}: the rules cannot be read: ${cause}`;
  return new AgentError('RULES_INVALID', message, 'Give the agent the right to read it.', error);
}
