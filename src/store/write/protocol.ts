import { AgentError, ERROR_CODES, messageOf, type ErrorCode } from '../../core/common/errors.js';
import type { PackedBatch, Persister, PersisterReport } from './persister-types.js';

/** The calls of a Persister that are answered. Each takes one argument at most. */
const CALL_NAMES = [
  'flush',
  'close',
  'reopenLog',
  'archiveLogs',
  'expireBlocks',
  'recordDrops',
  'mend',
  'protectPeer',
  'unprotectPeer',
  'addToken',
  'removeToken',
  'keepOutbox',
  'prune',
  'vacuum',
  'rollUp',
  'analyze',
] as const satisfies readonly (keyof Persister)[];

export type CallName = (typeof CALL_NAMES)[number];

/** A function for each of the calls, all of which go by way of `call`; see runCall. */
export function callsBy(
  call: (name: CallName, argument: unknown) => Promise<unknown>,
): Pick<Persister, CallName> {
  const calls = CALL_NAMES.map((name) => [name, (argument?: unknown) => call(name, argument)]);
  // In the end runCall makes each call on a persister, which resolves it with what it must.
  return Object.fromEntries(calls) as Pick<Persister, CallName>;
}

/** To the worker. The decisions of a batch are few and cross as they are. */
export type ToWorker =
  | { readonly kind: 'batch'; readonly batch: PackedBatch }
  | {
      readonly kind: 'call';
      readonly number: number;
      readonly name: CallName;
      readonly argument: unknown;
    };

/** An error as data: an Error loses its class and its code on the way. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly path: string | null;
}

export type FromWorker =
  | { readonly kind: 'started'; readonly nextEventId: number; readonly nextBlockId: number }
  | { readonly kind: 'refused'; readonly error: ErrorData }
  | { readonly kind: 'report'; readonly report: PersisterReport }
  | { readonly kind: 'answer'; readonly number: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly number: number; readonly error: ErrorData };

export function errorToData(error: unknown): ErrorData {
  return error instanceof AgentError
    ? { code: error.code, message: error.message, remedy: error.remedy, path: error.path }
    : { code: 'INTERNAL', message: messageOf(error), remedy: 'report this as a bug', path: null };
}

export function errorFromData({ code, message, remedy, path }: ErrorData): AgentError {
  return new AgentError(isErrorCode(code) ? code : 'INTERNAL', message, remedy, undefined, path);
}

const isErrorCode = (code: string): code is ErrorCode => code in ERROR_CODES;

/** Makes a call on the persister, with the argument that callsBy was given for this very name. */
export function runCall(persister: Persister, name: CallName, argument: unknown): Promise<unknown> {
  const call = persister[name] as (argument: unknown) => Promise<unknown>;
  return call(argument);
}
