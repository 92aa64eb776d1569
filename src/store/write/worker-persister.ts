import { Worker } from 'node:worker_threads';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { buffersOf } from './pack.js';
import {
  callsBy,
  errorFromData,
  type CallName,
  type FromWorker,
  type ToWorker,
} from './protocol.js';
import type {
  PackedBatch,
  Persister,
  PersisterOptions,
  PersisterReport,
} from './persister-types.js';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AgentError) => void;
}

/** Calls that wait for the worker's answer. */
interface Calls {
  /** Resolves with what the persister's call of this name does. */
  readonly call: (name: CallName, argument: unknown) => Promise<unknown>;
  take(message: FromWorker): void;
  /** Rejects every call, now and later. */
  end(reason: string): void;
}

/**
 * A persister in a worker thread that runs `script`, with the same interface. Rejects as createPersister does.
 * `onGone` is told when the thread ends without having been closed: what was sent is lost then,
 * and every later call rejects with INTERNAL.
 */
export async function startWorkerPersister(
  script: URL,
  options: PersisterOptions,
  report: (report: PersisterReport) => void,
  onGone: (reason: string) => void,
): Promise<Persister> {
  const worker = new Worker(script, {
    workerData: options,
    resourceLimits: {
      maxYoungGenerationSizeMb: LIMITS.workerHeapMibMax.young,
      maxOldGenerationSizeMb: LIMITS.workerHeapMibMax.old,
    },
  });
  const start = await awaitStart(worker);
  const calls = createCalls(worker);
  let closing = false;
  let failure: string | null = null;
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'report') report(message.report);
    else calls.take(message);
  });
  worker.on('error', (error) => {
    failure = messageOf(error);
  });
  // An error is always followed by the exit.
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      const reason = failure ?? `it ended with code ${code}`;
      calls.end(reason);
      if (!closing) onGone(reason);
      resolve();
    });
  });
  return {
    ...start,
    accept: (batch) => {
      sendBatch(worker, batch);
    },
    ...callsBy(calls.call),
    close: async () => {
      closing = true;
      await calls.call('close', null);
      await exited;
    },
  };
}

function post(worker: Worker, message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

function sendBatch(worker: Worker, batch: PackedBatch): void {
  post(worker, { kind: 'batch', batch }, buffersOf(batch.events));
}

function createCalls(worker: Worker): Calls {
  const pending = new Map<number, Pending>();
  let calledCount = 0;
  let endReason: string | null = null;
  return {
    call: (name, argument) =>
      new Promise<unknown>((resolve, reject) => {
        if (endReason !== null) {
          reject(gone(endReason));
          return;
        }
        calledCount += 1;
        pending.set(calledCount, { resolve, reject });
        post(worker, { kind: 'call', number: calledCount, name, argument });
      }),
    take: (message) => {
      if (message.kind !== 'answer' && message.kind !== 'failure') return;
      const waiting = pending.get(message.number);
      pending.delete(message.number);
      if (message.kind === 'answer') waiting?.resolve(message.value);
      else waiting?.reject(errorFromData(message.error));
    },
    end: (reason) => {
      endReason = reason;
      for (const { reject } of pending.values()) reject(gone(reason));
      pending.clear();
    },
  };
}

/** The thread's first word: the next ids, or why it could not start. */
function awaitStart(worker: Worker): Promise<{ nextEventId: number; nextBlockId: number }> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromWorker) => {
      worker.off('error', reject);
      if (message.kind === 'started') {
        const { nextEventId, nextBlockId } = message;
        resolve({ nextEventId, nextBlockId });
      } else if (message.kind === 'refused') {
        reject(errorFromData(message.error));
      } else {
        reject(gone(`it began with ${message.kind}`));
      }
    });
  });
}

export function gone(reason: string): AgentError {
  return new AgentError(
    'INTERNAL',
    `the thread that writes the database has failed: ${reason}`,
    'restart the agent, and report this as a bug',
  );
}
