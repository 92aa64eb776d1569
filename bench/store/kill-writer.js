// The process that is killed: writes events at a steady rate, and says on stdout, a line each, the id
// that it has handed to the store and when (milliseconds since 1970).
import { takeLock } from '../../dist/store/database/lock.js';
import { openStore } from '../../dist/store/open.js';
import { batchOf, makeEvents } from './events.js';

const [databaseFile, rate] = process.argv.slice(2);
const EVERY_MS = 20;
await takeLock(databaseFile);
const store = await openStore({
  databaseFile,
  jsonLogFile: null,
  inWorker: true,
  onNotice: (text) => process.stderr.write(`${text}\n`),
});
const size = Math.max(1, Math.round((Number(rate) * EVERY_MS) / 1_000));
let id = store.nextEventId;
process.stdout.write(`start ${id}\n`);
setInterval(() => {
  const events = makeEvents(id, size);
  store.write(batchOf(events));
  id += size;
  process.stdout.write(`${Date.now()} ${id - 1}\n`);
}, EVERY_MS);
