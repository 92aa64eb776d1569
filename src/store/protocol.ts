import { AgentError, ERROR_CODES, type ErrorCode } from '../core/model/errors.js';
import { messageOf } from './files.js';
import type { PackedBatch, Persister, PersisterReport } from './persister.js';

/** The calls of a Persister that are answered. */
export type CallName =
  | 'flush'
  | 'close'
  | 'reopenLog'
  | 'expireBlocks'
  | 'recordDrops'
  | 'mend'
  | 'protectPeer'
  | 'unprotectPeer'
  | 'addToken'
  | 'removeToken'
  | 'prune'
  | 'vacuum'
  | 'rollUp'
  | 'analyze'
  | 'archiveLogs';

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

/** Runs a call on the persister. The argument is what workerPersister sent for this very name. */
export function runCall(persister: Persister, name: CallName, argument: unknown): Promise<unknown> {
  switch (name) {
    case 'flush':
      return persister.flush();
    case 'close':
      return persister.close();
    case 'reopenLog':
      return persister.reopenLog();
    case 'archiveLogs':
      return persister.archiveLogs();
    case 'analyze':
      return persister.analyze();
    case 'rollUp':
      return persister.rollUp(argument as Parameters<Persister['rollUp']>[0]);
    case 'expireBlocks':
      return persister.expireBlocks(argument as Parameters<Persister['expireBlocks']>[0]);
    case 'mend':
      return persister.mend(argument as Parameters<Persister['mend']>[0]);
    case 'recordDrops':
      return persister.recordDrops(argument as Parameters<Persister['recordDrops']>[0]);
    case 'protectPeer':
      return persister.protectPeer(argument as Parameters<Persister['protectPeer']>[0]);
    case 'unprotectPeer':
      return persister.unprotectPeer(argument as Parameters<Persister['unprotectPeer']>[0]);
    case 'addToken':
      return persister.addToken(argument as Parameters<Persister['addToken']>[0]);
    case 'removeToken':
      return persister.removeToken(argument as Parameters<Persister['removeToken']>[0]);
    case 'prune':
      return persister.prune(argument as Parameters<Persister['prune']>[0]);
    case 'vacuum':
      return persister.vacuum(argument as Parameters<Persister['vacuum']>[0]);
  }
}
