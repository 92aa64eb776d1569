import { LineCounter, parseAllDocuments } from 'yaml';
import { compileCondition } from '../../core/detect/rules/condition.js';
import type { Rule } from '../../core/model/rule.js';
import { conditionError, lineOf, ruleError, schemaError } from './rule-faults.js';
import type { RuleDocument } from './rule-faults.js';
import { ruleSchema, switchOffSchema } from './rule-schema.js';

/** One document of a rule file: a rule, or that the rule of that id is switched off. */
export interface RuleEntry {
  readonly id: string;
  readonly rule: Rule | null;
  readonly sourceFile: string;
  readonly sourceLine: number;
}

/**
 * The rules of one text, which may hold several YAML documents; those switched off are left out.
 * `file` is for messages.
 */
export function parseRules(text: string, file: string): readonly Rule[] {
  return parseEntries(text, file).flatMap(({ rule }) => rule ?? []);
}

/** The same with those switched off. */
export function parseEntries(text: string, file: string): readonly RuleEntry[] {
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

function checkCondition(at: RuleDocument, path: readonly string[], source: string | null): void {
  const result = source === null ? null : compileCondition(source);
  if (result?.ok === false) throw conditionError(at, path, result.fault);
}
