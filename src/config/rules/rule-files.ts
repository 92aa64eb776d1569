import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../core/common/errors.js';
import type { Rule } from '../../core/model/rule.js';
import { ruleError } from './rule-faults.js';
import { parseRules } from './parse-rules.js';
import { readRuleFile } from './rules.js';

/** One rule file and what it holds; `fault` null: it is good. */
export interface RuleFile {
  readonly file: string;
  readonly rules: readonly Rule[];
  readonly fault: AgentError | null;
}

/**
 * Reads rule files, each by itself, so that one that is wrong does not hide the next. `paths` are
 * files, or folders that stand for their `*.yaml` files; a folder that is not there has none when
 * it is in `optional`. Rejects with NOT_FOUND for a path that is not there.
 */
export async function readRuleFiles(
  paths: readonly string[],
  optional: readonly string[] = [],
): Promise<readonly RuleFile[]> {
  const files: RuleFile[] = [];
  for (const path of paths) {
    for (const file of await filesOf(path, optional.includes(path))) {
      files.push(await readOne(file, files));
    }
  }
  return files;
}

/** The rules of files and folders. Rejects with the first fault. */
export async function loadRuleFiles(paths: readonly string[]): Promise<readonly Rule[]> {
  const files = await readRuleFiles(paths);
  for (const { fault } of files) if (fault !== null) throw fault;
  return files.flatMap(({ rules }) => rules);
}

/** Rules with the same id take the place of those before them, as when the agent reads them. */
export function overrideRules(rules: readonly Rule[], own: readonly Rule[]): readonly Rule[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  for (const rule of own) byId.set(rule.id, rule);
  return [...byId.values()];
}

async function readOne(file: string, before: readonly RuleFile[]): Promise<RuleFile> {
  try {
    const rules = parseRules(await readRuleFile(file), file);
    return { file, rules, fault: twinIn(rules, before) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { file, rules: [], fault: error };
  }
}

/** The same id twice in one folder is a mistake; in another folder it is an override. */
function twinIn(rules: readonly Rule[], before: readonly RuleFile[]): AgentError | null {
  const known = new Map<string, Rule>();
  const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/') + 1);
  for (const { file, rules: others } of before) {
    const own = rules[0]?.sourceFile ?? '';
    if (folderOf(file) === folderOf(own)) for (const rule of others) known.set(rule.id, rule);
  }
  for (const rule of rules) {
    const twin = known.get(rule.id);
    if (twin !== undefined) {
      const where = `${twin.sourceFile}:${twin.sourceLine}`;
      const what = `id: the rule '${rule.id}' is already defined in ${where}`;
      return ruleError(rule.sourceFile, rule.sourceLine, 1, what);
    }
    known.set(rule.id, rule);
  }
  return null;
}

async function filesOf(path: string, optional: boolean): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith('.yaml')).sort();
    if (names.length === 0 && !optional) throw noRules(path);
    return names.map((name) => join(path, name));
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' && optional) return [];
    throw new AgentError(
      'NOT_FOUND',
      `${path} cannot be read${code === '' ? '' : ` (${code})`}`,
      'name a rule file (*.yaml) or a folder of them that this user may read',
      error,
    );
  }
}

const noRules = (folder: string): AgentError =>
  new AgentError(
    'NOT_FOUND',
    `the folder ${folder} holds no rule file (*.yaml)`,
    'name a rule file, or a folder with one',
  );
