import { setPriority } from 'node:os';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { unpackEvents } from './pack.js';
import { createPersister, type Persister, type PersisterOptions } from './persister.js';
import { errorToData, runCall, type FromWorker, type ToWorker } from './protocol.js';

/** A third of the share of the thread that receives, where both want the same processor. */
const NICENESS = 5;

/** The thread that owns the database: a persister behind a message port. */
async function serve(port: MessagePort, options: PersisterOptions): Promise<void> {
  // Linux takes 0 for the thread that asks. What arrives waits in the kernel for the other thread
  // only, and is lost when that comes too late; what waits for this one is kept.
  setPriority(0, NICENESS);
  const tell = (message: FromWorker): void => {
    port.postMessage(message);
  };
  try {
    const persister = await createPersister(options, (report) => {
      tell({ kind: 'report', report });
    });
    port.on('message', (message: ToWorker) => {
      void handle(persister, message, tell, port);
    });
    const { nextEventId, nextBlockId } = persister;
    tell({ kind: 'started', nextEventId, nextBlockId });
  } catch (error) {
    tell({ kind: 'refused', error: errorToData(error) });
  }
}

async function handle(
  persister: Persister,
  message: ToWorker,
  tell: (message: FromWorker) => void,
  port: MessagePort,
): Promise<void> {
  if (message.kind === 'batch') {
    persister.accept({ ...message.decisions, events: unpackEvents(message.events) });
    return;
  }
  const { number, name } = message;
  try {
    const value = await runCall(persister, name, message.argument);
    tell({ kind: 'answer', number, value });
  } catch (error) {
    tell({ kind: 'failure', number, error: errorToData(error) });
  }
  if (name === 'close') port.close();
}

// parentPort is null only where this file is not run as a worker, and then there is none to serve.
// worker-persister.ts gives the options.
if (parentPort !== null) await serve(parentPort, workerData as PersisterOptions);
