/**
 * What a typed field takes, as a regular expression. Each is tried alternative by alternative, and
 * within one there is a single way to take a text.
 */
export interface TypedField {
  readonly source: string;
  /** One character of it, where it is a run of one class. */
  readonly unit: RegExp | null;
  /** What it may begin with. */
  readonly first: RegExp;
}

const run = (unit: string, most: number): TypedField => ({
  source: `[${unit}]{1,${most}}`,
  unit: new RegExp(`[${unit}]`),
  first: new RegExp(`[${unit}]`),
});
const shape = (source: string, first: RegExp): TypedField => ({ source, unit: null, first });

const ADDRESS_BEGINS = /[0-9A-Fa-f:.[]/;
const ANYTHING = /^/;

/** It ends neither in a colon nor in a full stop, which belong to the sentence then. */
const BARE = '[0-9A-Fa-f:.]{0,47}[0-9A-Fa-f]';
const IPV4 = '[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?!\\.?[0-9A-Fa-f])';

/** As PBXs write times; see times.ts, which reads them. */
export const TIME = [
  '[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?: ?Z| ?[+-][0-9]{2}:?[0-9]{2})?',
  '[A-Z][a-z]{2} {1,2}[0-9]{1,2} (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?',
  '[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?',
  '[0-9]{9,10}[-.][0-9]{1,6}',
].join('|');

/** The types that a field of a pattern may have; docs/PBX.md tells of each. */
export const TYPES: Readonly<Record<string, TypedField>> = {
  /** `203.0.113.7`, `2001:db8::7`, `[2001:db8::7]`. That it is one is checked when it is read. */
  address: shape(`\\[${BARE}\\]|${IPV4}|${BARE}`, ADDRESS_BEGINS),
  /** With its port or without: `203.0.113.7:5060`, `[2001:db8::7]:5060`, `2001:db8::7`. */
  endpoint: shape(`\\[${BARE}\\](?::[0-9]{1,5})?|${IPV4}(?::[0-9]{1,5})?|${BARE}`, ADDRESS_BEGINS),
  /** The last colon always parts the port: `2001:db8::7:5060`. */
  address_port: shape(`\\[${BARE}\\]:[0-9]{1,5}|${IPV4}:[0-9]{1,5}|${BARE}`, ADDRESS_BEGINS),
  port: run('0-9', 5),
  digits: run('0-9', 20),
  hex: run('0-9A-Fa-f', 128),
  word: run('A-Za-z0-9_.+*#@-', 128),
  /** As a method may be (RFC 3261, 25.1), without the quote. */
  token: run('A-Za-z0-9.!%*_+`~-', 64),
  letters: run('A-Za-z', 32),
  path: run('A-Za-z0-9_.<>/-', 128),
  time: shape(TIME, /[0-9A-Z]/),
  /** Up to the next quote; may be empty. */
  plain: { source: '[^"]*', unit: /[^"]/, first: ANYTHING },
  /** Any number of `,Name="value"` without a quote in the value. */
  pairs: shape('(?:,[A-Za-z0-9_]{1,64}="[^"]*")*', ANYTHING),
};

/** The type of a field by its name, where the pattern gives none. Others are free text. */
export const TYPE_OF: Readonly<Record<string, string>> = {
  source: 'address',
  endpoint: 'endpoint',
  address_port: 'address_port',
  local: 'address',
  port: 'port',
  transport: 'letters',
  method: 'token',
  time: 'time',
  digits: 'digits',
  hex: 'hex',
  word: 'word',
  level: 'letters',
  path: 'path',
  plain: 'plain',
  pairs: 'pairs',
};

/** Free text: it ends where what follows it in the pattern begins. `any` is not kept. */
export const FREE = ['account', 'called', 'call_id', 'user_agent', 'from', 'to', 'any'] as const;

/** Fields that are not kept, unless they are given a type: `{word}`, but not `{account:word}`. */
export const SKIPPED: readonly string[] = [
  'any',
  'local',
  'digits',
  'hex',
  'word',
  'level',
  'path',
  'plain',
  'pairs',
];
