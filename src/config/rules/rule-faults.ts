import { isNode, isScalar } from 'yaml';
import type { Document, LineCounter } from 'yaml';
import type { z } from 'zod';
import { AgentError } from '../../core/common/errors.js';
import { quoteText } from '../../core/common/text.js';
import type { ConditionFault } from '../../core/detect/rules/condition.js';
import { FIELDS } from '../../core/detect/fields/fields.js';
import { allowedKeys } from './rule-schema.js';
import { suggest } from '../suggest.js';

/** One YAML document and where it stands. */
export interface RuleDocument {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

type Path = readonly PropertyKey[];

const REMEDY = 'Correct the rule file; docs/RULES.md describes the format and the fields.';

/** RULES_INVALID, its message beginning with FILE:LINE:COLUMN. */
export function ruleError(file: string, line: number, column: number, what: string): AgentError {
  return new AgentError('RULES_INVALID', `${file}:${line}:${column}: ${what}`, REMEDY);
}

/** What zod found wrong, said with the place in the file, what was read and what is allowed. */
export function schemaError(at: RuleDocument, issue: z.core.$ZodIssue): AgentError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const allowed = allowedKeys(issue.path);
    const what = `unknown key '${quoteText(key)}'${placeText(issue.path)}`;
    return errorAt(
      at,
      [...issue.path, key],
      `${what}, allowed are ${allowed.join(', ')}`,
      suggest(key, allowed),
    );
  }
  // Of a union the branch that came furthest says best what is wrong.
  if (issue.code === 'invalid_union') {
    const nested = issue.errors.flat().find(({ code }) => code !== 'invalid_type');
    if (nested !== undefined) {
      return schemaError(at, { ...nested, path: [...issue.path, ...nested.path] });
    }
  }
  const value: unknown = at.document.getIn(issue.path);
  const key = issue.path.join('.');
  if (key === '')
    return errorAt(at, [], "this is no rule: a rule is a mapping of keys such as 'id: mine'", null);
  if (value === undefined) return errorAt(at, issue.path, `the key '${key}' is missing`, null);
  const read = isNode(value) ? 'a list or mapping' : quoteText(JSON.stringify(value));
  const candidates = candidatesOf(issue);
  const hint = typeof value === 'string' ? suggest(value, candidates) : null;
  return errorAt(at, issue.path, `${key}: read ${read}, ${allowedText(issue)}`, hint);
}

/** A condition that cannot work, with the part of it that is wrong. */
export function conditionError(at: RuleDocument, path: Path, fault: ConditionFault): AgentError {
  const node = at.document.getIn(path, true);
  const source = isScalar(node) ? String(node.value) : '';
  const part = source.slice(fault.offset, fault.offset + fault.length).replace(/\s+/g, ' ');
  const near = part === '' ? '' : ` in \`${quoteText(part, 80)}\``;
  return errorAt(at, path, `${path.join('.')}: ${fault.message}${near}`, hintFor(fault));
}

/** The line on which a document's first key stands. */
export function lineOf({ document, lines }: RuleDocument): number {
  const start = isNode(document.contents) ? document.contents.range?.[0] : undefined;
  return start === undefined ? 1 : lines.linePos(start).line;
}

function errorAt(at: RuleDocument, path: Path, what: string, hint: string | null): AgentError {
  const { line, col } = positionOf(at, path);
  return ruleError(at.file, line, col, hint === null ? what : `${what} (did you mean '${hint}'?)`);
}

/** The place of a value; of the nearest thing around it when it is missing. */
function positionOf({ document, lines }: RuleDocument, path: Path): { line: number; col: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]);
  }
  return { line: 1, col: 1 };
}

const placeText = (path: Path): string => (path.length === 0 ? '' : ` in '${path.join('.')}'`);

function candidatesOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  const listed: unknown = issue.code === 'custom' ? issue.params?.['candidates'] : undefined;
  return Array.isArray(listed) ? listed.map(String) : [];
}

function allowedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `allowed is one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `allowed is ${issue.expected === 'int' ? 'a whole number' : withArticle(issue.expected)}`;
    case 'too_small':
      return `the least allowed is ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'too_big':
      return `the most allowed is ${String(issue.maximum)}${unitOf(issue.origin)}`;
    default:
      return issue.message;
  }
}

const withArticle = (name: string): string => `${/^[aeio]/.test(name) ? 'an' : 'a'} ${name}`;

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

function hintFor({ message }: ConditionFault): string | null {
  const unknown = /^No such key: (\w+)$/.exec(message)?.[1];
  return unknown === undefined
    ? null
    : suggest(
        unknown,
        FIELDS.map(({ name }) => name),
      );
}
