import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { buffersOf } from './write/pack.js';
import { createPersister } from './write/persister.js';
import { errorToData, runCall, type FromWorker, type ToWorker } from './write/protocol.js';
import type { LocalPersister, PersisterOptions } from './write/persister-types.js';

/** A third of the share of the thread that receives, where both want the same processor. */
const NICER_BY = 5;

/** The thread that owns the database: a persister behind a message port. */
async function serve(port: MessagePort, options: PersisterOptions): Promise<void> {
  giveWay();
  const tell = (message: FromWorker): void => {
    port.postMessage(message, transfersOf(message));
  };
  // Its first word is that it has started, or why not: what is found on the way waits for that.
  const early: FromWorker[] = [];
  let started = false;
  try {
    const persister = await createPersister(options, (report) => {
      if (started) tell({ kind: 'report', report });
      else early.push({ kind: 'report', report });
    });
    takeInTurn(persister, tell, port);
    const { nextEventId, nextBlockId } = persister;
    tell({ kind: 'started', nextEventId, nextBlockId });
    started = true;
    early.forEach(tell);
  } catch (error) {
    tell({ kind: 'refused', error: errorToData(error) });
  }
}

/**
 * What arrives waits in the kernel for the other thread only, and is lost when that comes too late;
 * what waits for this one is kept. Where a sandbox forbids the call, both have the same share.
 */
function giveWay(): void {
  try {
    // Linux takes 0 for the thread that asks.
    setPriority(0, Math.min(constants.priority.PRIORITY_LOW, getPriority(0) + NICER_BY));
  } catch {
    // It saves nothing but time: no reason to be without a store.
  }
}

/** Memory goes back as it came, and is not copied. */
function transfersOf(message: FromWorker): ArrayBuffer[] {
  if (message.kind !== 'report' || message.report.kind !== 'settled') return [];
  const { memory } = message.report;
  return memory === null ? [] : buffersOf(memory);
}

/**
 * Takes what comes in its order. A batch stays packed, which takes a third of the room, until there
 * is room for it; a call waits for the batches that were sent before it, and for nothing else.
 */
function takeInTurn(
  persister: LocalPersister,
  tell: (message: FromWorker) => void,
  port: MessagePort,
): void {
  const arrived: ToWorker[] = [];
  let taking = false;
  const takeAll = async (): Promise<void> => {
    taking = true;
    for (let next = arrived.shift(); next !== undefined; next = arrived.shift()) {
      if (next.kind === 'call') {
        void answer(persister, next, tell, port);
        continue;
      }
      persister.accept(next.batch);
      await persister.room();
    }
    taking = false;
  };
  port.on('message', (message: ToWorker) => {
    arrived.push(message);
    if (!taking) void takeAll();
  });
}

async function answer(
  persister: LocalPersister,
  { number, name, argument }: Extract<ToWorker, { kind: 'call' }>,
  tell: (message: FromWorker) => void,
  port: MessagePort,
): Promise<void> {
  try {
    tell({ kind: 'answer', number, value: await runCall(persister, name, argument) });
  } catch (error) {
    tell({ kind: 'failure', number, error: errorToData(error) });
  }
  if (name === 'close') port.close();
}

// parentPort is null only where this file is not run as a worker, and then there is none to serve.
// worker-persister.ts gives the options.
if (parentPort !== null) void serve(parentPort, workerData as PersisterOptions);
