import type { Outcome } from '../../core/model/sensor.js';
import type { Transport } from '../../core/model/transport.js';
import type { Pattern } from './pattern.js';

/**
 * What a line proves of the address: nothing; what its transport does (TCP and TLS, but not
 * WebSocket: a web page can have a visitor's browser connect); that the PBX checked a nonce of its own.
 */
export const GRAMMAR_PROOFS = ['none', 'transport', 'nonce'] as const;
export type GrammarProof = (typeof GRAMMAR_PROOFS)[number];

/** One kind of lines, and what it means. */
export interface LineKind {
  readonly id: string;
  readonly about: string;
  readonly patterns: readonly Pattern[];
  /** Null: such a line is known, and nobody did anything. */
  readonly outcome: Outcome | null;
  readonly proof: GrammarProof;
  /** Where the line does not say. */
  readonly method: string | null;
  readonly transport: Transport | null;
}

/** Which key of a JSON object each part of a report is. */
export interface JsonShape {
  /** Keys that an object of this grammar has. */
  readonly needs: readonly string[];
  /** `sentrypeer`: as src/core/common/local-time.ts reads it. */
  readonly timeForm: 'iso' | 'sentrypeer';
  readonly keys: Readonly<Partial<Record<JsonPart, string>>>;
}

export const JSON_PARTS = [
  'time',
  'source',
  'port',
  'transport',
  'outcome',
  'proof',
  'method',
  'account',
  'called',
  'user_agent',
  'call_id',
] as const;
export type JsonPart = (typeof JSON_PARTS)[number];

/** A line, and what must be read out of it. */
export interface LineSample {
  readonly line: string;
  /** The id of a kind, or `nothing`. */
  readonly is: string;
  readonly expect: Readonly<Record<string, string | number | null>>;
}

export interface Grammar {
  readonly name: string;
  /** What `files = PATH:KIND` names; several grammars may have the same. */
  readonly kind: string;
  readonly about: string;
  /** What stands before the message. */
  readonly heads: readonly Pattern[];
  readonly json: JsonShape | null;
  readonly lines: readonly LineKind[];
  readonly samples: readonly LineSample[];
  readonly sourceFile: string;
}
