// Imported beside the program (node --import), in its threads as well: when each ends, what V8 has compiled
// of the joined files is kept where bin/load.js looks for it.
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { setFlagsFromString } from 'node:v8';
import { KEPT, scripts } from '../../bin/load.js';

process.on('exit', () => {
  if (scripts.size === 0) return;
  // The flags of the time of loading, which are written into it.
  setFlagsFromString('--parallel-scavenge');
  mkdirSync(KEPT, { recursive: true });
  for (const [name, script] of scripts) keep(join(KEPT, name), script.createCachedData());
});

/** Who has run more of a file has more to keep; what was read from there is in it again. */
function keep(file, bytes) {
  const kept = statSync(file, { throwIfNoEntry: false });
  if (kept !== undefined && kept.size >= bytes.length) return;
  const fresh = `${file}.${process.pid}-${threadId}`;
  writeFileSync(fresh, bytes);
  renameSync(fresh, file);
}
