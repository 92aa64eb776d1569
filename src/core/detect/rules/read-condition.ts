import type { ASTNode } from '@marcbachmann/cel-js';
import { fieldNamed } from '../fields/fields.js';
import {
  compare,
  fieldTerm,
  header,
  hex,
  join,
  junction,
  knownBool,
  knownInt,
  knownText,
  member,
  not,
  regex,
  search,
  size,
} from './term.js';
import type { BoolTerm, Term } from './term.js';

/** What is the same of all events that a list of rules is tried on; method null: it differs. */
export interface Certain {
  readonly kind: string;
  readonly method: string | null;
}

/**
 * A type-checked condition in terms that mean the same as in cel-js and cannot fail at run time:
 * fields, literals, comparing, the text functions and `&& || !`. Null for a condition with anything
 * else in it, which the interpreter then runs.
 */
export function readCondition(node: ASTNode, certain: Certain): BoolTerm | null {
  const term = read(node, certain);
  return term?.type === 'bool' ? term : null;
}

function read(node: ASTNode, certain: Certain): Term | null {
  switch (node.op) {
    case 'value':
      return literal(node.args);
    case '.':
      return node.args[0].op === 'id' ? fieldRead(node.args[1], certain) : null;
    case '!_': {
      const inner = read(node.args, certain);
      return inner?.type === 'bool' ? not(inner) : null;
    }
    case '-_': {
      const inner = read(node.args, certain);
      return inner?.type === 'int' && inner.op === 'known' ? knownInt(-inner.value) : null;
    }
    case '&&':
    case '||':
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+': {
      const left = read(node.args[0], certain);
      const right = read(node.args[1], certain);
      return left === null || right === null ? null : binary(node.op, left, right);
    }
    case 'in':
      return membership(node.args[0], node.args[1], certain);
    case 'call':
      return call(node.args[0], node.args[1], certain);
    case 'rcall':
      return receiverCall(node.args[0], node.args[1], node.args[2], certain);
    default:
      return null;
  }
}

function literal(value: unknown): Term | null {
  if (typeof value === 'string') return knownText(value);
  if (typeof value === 'boolean') return knownBool(value);
  if (typeof value !== 'bigint') return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? knownInt(number) : null;
}

function fieldRead(name: string, { kind, method }: Certain): Term | null {
  if (name === 'kind') return knownText(kind);
  if (name === 'method' && method !== null) return knownText(method);
  const field = fieldNamed(name);
  return field === null ? null : fieldTerm(field);
}

/** `"x" in event.anomalies`: a text in a field that is a list. */
function membership(item: ASTNode, listNode: ASTNode, certain: Certain): Term | null {
  const wanted = read(item, certain);
  const list = listNode.op === '.' ? read(listNode, certain) : null;
  return wanted?.type === 'text' && list?.type === 'list' ? member(wanted, list) : null;
}

function binary(op: string, left: Term, right: Term): Term | null {
  if (left.type === 'bool' && right.type === 'bool' && (op === '&&' || op === '||')) {
    return junction(op, [left, right]);
  }
  if (left.type !== right.type || left.type === 'list') return null;
  if (op === '==') return compare('===', left, right);
  if (op === '!=') return compare('!==', left, right);
  if (op === '+' && left.type === 'text' && right.type === 'text') return join(left, right);
  if (left.type !== 'int') return null;
  return op === '<' || op === '<=' || op === '>' || op === '>=' ? compare(op, left, right) : null;
}

function call(name: string, args: readonly ASTNode[], certain: Certain): Term | null {
  const arg = args.length === 1 && args[0] !== undefined ? read(args[0], certain) : null;
  if (arg?.type !== 'text') return null;
  if (name === 'size') return size(arg);
  return name === 'hex_text' ? hex(arg) : null;
}

function receiverCall(
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
  certain: Certain,
): Term | null {
  const arg = args.length === 1 && args[0] !== undefined ? read(args[0], certain) : null;
  if (arg?.type !== 'text') return null;
  if (name === 'header') {
    return receiver.op === 'id' && arg.op === 'known' ? header(arg.value.toLowerCase()) : null;
  }
  const on = read(receiver, certain);
  if (on?.type !== 'text') return null;
  switch (name) {
    case 'startsWith':
    case 'endsWith':
      return search(name, on, arg);
    case 'contains':
      return search('includes', on, arg);
    case 'regex':
      // checkCalls() has seen to it that the pattern is a literal.
      return args[0]?.op === 'value' && arg.op === 'known' ? regex(on, arg.value) : null;
    default:
      return null;
  }
}
