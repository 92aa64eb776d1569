import { AgentError, messageOf } from '../core/common/errors.js';
import { hasBadHeader } from './database/file-header.js';
import { createPersister } from './write/persister.js';
import { callsBy, runCall } from './write/protocol.js';
import { createQueue, type Queue } from './write/queue.js';
import type { Store, StoreOptions } from './types.js';
import { describeSalvage, isMarkedDamaged, salvageDatabase } from './database/salvage.js';
import { gone, startWorkerPersister } from './write/worker-persister.js';
import type { Persister, PersisterOptions } from './write/persister-types.js';

const NO_ROTATION = { bytesMax: Number.MAX_SAFE_INTEGER, keep: 0, maxAgeS: 0 };

/** By way of the folder above: what is bundled stands in another one beside it. */
const WORKER = new URL('../store/worker.js', import.meta.url);

/**
 * Opens the agent's memory: makes or migrates the database and opens the logs. Rejects with
 * STATE_UNWRITABLE, DATABASE_FOREIGN or DATABASE_NEWER; a damaged one is set aside. Once open, the disk may
 * fail as it likes: that is counted, said through `onNotice`, and mended when it works again.
 * Take the lock (lock.ts) first: there must be one writer only.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const persisterOptions: PersisterOptions = {
    databaseFile: options.databaseFile,
    waits: options.waits ?? false,
    jsonLogFile: options.jsonLogFile,
    logFile: options.logFile ?? null,
    passwordFiles: options.passwordFiles ?? [],
    countryFile: options.countryFile ?? null,
    homeCountry: options.homeCountry ?? null,
    jsonLogFormat: options.jsonLogFormat ?? 'sentrypeer',
    rotation: options.rotation ?? NO_ROTATION,
    instanceId: options.instanceId ?? '',
    appVersion: options.appVersion ?? '',
    remote: options.remote ?? null,
  };
  const { inWorker, onNotice } = options;
  if (await isMarkedDamaged(options.databaseFile)) await setAside(options, onNotice);
  const queue = createQueue(onNotice, options.onRenewed ?? (() => undefined));
  const start = (): Promise<Persister> =>
    inWorker
      ? startWorkerPersister(WORKER, persisterOptions, queue.note, (reason) => {
          queue.lose(reason);
          onNotice(`the thread that writes the database has failed: ${reason}`);
          options.onGone?.(gone(reason));
        })
      : createPersister(persisterOptions, queue.note);
  const persister = await start().catch(async (error: unknown) => {
    if (!(await isOfDamage(error, options.databaseFile))) throw error;
    await setAside(options, onNotice);
    return start();
  });
  queue.feed(persister);
  return storeOf(persister, queue, onNotice);
}

/** That it cannot be written may come of its header alone, which no disk and no permission mends. */
async function isOfDamage(error: unknown, databaseFile: string): Promise<boolean> {
  if (!(error instanceof AgentError)) return false;
  if (error.code === 'DATABASE_DAMAGED') return true;
  if (error.code !== 'STATE_UNWRITABLE' || error.path !== databaseFile) return false;
  return hasBadHeader(databaseFile).catch(() => false);
}

/** A damaged database stops no agent: a new one begins, with what can be read of the old. */
async function setAside(
  { databaseFile }: StoreOptions,
  onNotice: (text: string) => void,
): Promise<void> {
  onNotice(describeSalvage(await salvageDatabase(databaseFile, Date.now())));
}

function storeOf(persister: Persister, queue: Queue, onNotice: (text: string) => void): Store {
  /** What was written before a call is at the persister before the call is. */
  const afterSend = <Value>(call: () => Promise<Value>): Promise<Value> => {
    queue.send();
    return call();
  };
  const closeOnce = async (): Promise<void> => {
    try {
      await afterSend(() => persister.close());
      queue.lose('the store is closed');
    } catch (error) {
      onNotice(`the database could not be closed: ${messageOf(error)}`);
    }
  };
  let closed: Promise<void> | null = null;
  return {
    nextEventId: persister.nextEventId,
    nextBlockId: persister.nextBlockId,
    write: (batch) => {
      queue.write(batch);
    },
    keep: (record) => {
      queue.keep(record);
    },
    stats: () => queue.stats(),
    ...callsBy((name, argument) => afterSend(() => runCall(persister, name, argument))),
    close: () => {
      queue.send();
      closed ??= closeOnce();
      return closed;
    },
  };
}
