import {
  Environment,
  EvaluationError,
  ParseError,
  TypeError as CelTypeError,
} from '@marcbachmann/cel-js';
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { RE2JSException } from 're2js';
import { LIMITS } from '../../common/limits.js';
import { EVENT_VIEW, EventType, viewedEvent } from '../fields/event-view.js';
import { FIELDS } from '../fields/fields.js';
import { hexText } from '../fields/hex-text.js';
import { findPattern, patternOf } from './pattern.js';

/** What is wrong with a condition: `offset` and `length` in characters of its text. */
export interface ConditionFault {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Answers for the event that the shared view looks at, run by cel-js. Throws when the condition
 * faults. It is what compileMatcher() is measured against, and runs what that leaves.
 */
export type Condition = () => boolean;

export type ConditionResult =
  | { readonly ok: true; readonly condition: Condition; readonly node: ASTNode }
  | { readonly ok: false; readonly fault: ConditionFault };

/** Functions that rules have besides those of CEL, for docs/RULES.md. */
export const CONDITION_FUNCTIONS = [
  {
    signature: 'string.regex(string): bool',
    doc: 'true when the RE2 pattern (a literal) is found; takes linear time',
  },
  {
    signature: 'Event.header(string): string',
    doc: "first value of a header by its full name: `event.header('allow')`",
  },
  {
    signature: 'hex_text(string): string',
    doc: 'the text that hexadecimal digits spell; empty when they spell no plain text',
  },
] as const;

const CONTEXT = { event: EVENT_VIEW };

const environment = createEnvironment();

function createEnvironment(): Environment {
  const fields = Object.fromEntries(FIELDS.map((field) => [field.name, field.type]));
  return new Environment({
    unlistedVariablesAreDyn: false,
    limits: {
      maxAstNodes: LIMITS.conditionNodesMax,
      maxDepth: LIMITS.conditionDepthMax,
      maxListElements: LIMITS.conditionNodesMax,
      maxMapEntries: LIMITS.conditionNodesMax,
    },
  })
    .registerType('Event', { ctor: EventType, fields })
    .registerVariable('event', 'Event')
    .registerFunction(CONDITION_FUNCTIONS[0].signature, findPattern)
    .registerFunction(
      CONDITION_FUNCTIONS[1].signature,
      (_event: object, name: string) => viewedEvent().message.header(name.toLowerCase()) ?? '',
    )
    .registerFunction(CONDITION_FUNCTIONS[2].signature, hexText);
}

const interpreted =
  (program: ParseResult): Condition =>
  () =>
    program(CONTEXT) === true;

/**
 * Reads a condition (CEL) and checks its types: a wrong field, operator or pattern is found now,
 * not while packets come in.
 */
export function compileCondition(source: string): ConditionResult {
  if (source.length > LIMITS.conditionCharsMax) {
    const most = LIMITS.conditionCharsMax;
    return fail(
      `the condition has ${source.length} characters, at most ${most} are allowed`,
      source,
    );
  }
  try {
    const program = environment.parse(source);
    const checked = program.check();
    if (!checked.valid) throw checked.error ?? new ParseError('the condition is not valid');
    if (checked.type !== 'bool') {
      return fail(`the condition gives ${checked.type ?? 'nothing'}, it must give bool`, source);
    }
    const fault = checkCalls(program.ast);
    if (fault !== null) return { ok: false, fault };
    return { ok: true, condition: interpreted(program), node: program.ast };
  } catch (error) {
    if (!(error instanceof ParseError || error instanceof CelTypeError)) throw error;
    const { range } = error;
    const message = error.summary;
    return range === undefined
      ? fail(message, source)
      : { ok: false, fault: { message, offset: range.start, length: range.end - range.start } };
  }
}

/** True for the errors that a condition can raise while it runs on an event. */
export const isConditionError = (error: unknown): error is Error =>
  error instanceof EvaluationError;

function fail(message: string, source: string): ConditionResult {
  return { ok: false, fault: { message, offset: 0, length: source.length } };
}

/** Refuses CEL's own `matches` (JavaScript's RegExp: exponential), and compiles the patterns. */
function checkCalls(node: ASTNode): ConditionFault | null {
  if (node.op === 'rcall') {
    const [name, , args] = node.args;
    const fault = name === 'matches' || name === 'regex' ? checkPattern(node, name, args) : null;
    if (fault !== null) return fault;
  }
  for (const child of childrenOf(node.args)) {
    const fault = checkCalls(child);
    if (fault !== null) return fault;
  }
  return null;
}

function checkPattern(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
): ConditionFault | null {
  const at = { offset: node.start, length: node.end - node.start };
  if (name === 'matches') {
    return { ...at, message: 'matches() is not offered, its time has no bound: write .regex()' };
  }
  const pattern = args[0];
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    return { ...at, message: 'the pattern of regex() must be a text literal' };
  }
  try {
    patternOf(pattern.args);
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return {
      message: `bad pattern: ${error.message}`,
      offset: pattern.start,
      length: pattern.end - pattern.start,
    };
  }
}

function* childrenOf(args: unknown): Generator<ASTNode> {
  if (!Array.isArray(args)) return;
  for (const arg of args as readonly unknown[]) {
    if (Array.isArray(arg)) yield* childrenOf(arg);
    else if (isNode(arg)) yield arg;
  }
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
