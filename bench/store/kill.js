// SIGKILL at random under load: each time the database must be sound, hold every event that is older
// than 250 ms, and open again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { checkDatabase } from '../../dist/store/database/check.js';
import { lockHolder } from '../../dist/store/database/lock.js';
import { openStore } from '../../dist/store/open.js';
import { openReader } from '../../dist/store/read/reader.js';

const WRITER = fileURLToPath(new URL('kill-writer.js', import.meta.url));
/** An event older than this must be there. */
const DURABLE_MS = 250;

/** Returns what went wrong, a sentence for each round that failed. */
export async function killRounds(rounds, { rate = 1_000, say = () => undefined } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-kill-'));
  const databaseFile = join(folder, 'sentrypeer.db');
  const faults = [];
  let slowestStartMs = 0;
  let written = 0;
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const { startMs, firstId, told, killedMs } = await killOne(databaseFile, rate);
      slowestStartMs = Math.max(slowestStartMs, startMs);
      if (firstId < written + 1) faults.push(`round ${round}: id ${firstId} was given before`);
      const due = told.filter(({ atMs }) => killedMs - atMs > DURABLE_MS).at(-1);
      written = await inspect(databaseFile, round, due?.id ?? firstId - 1, faults);
      if (round % 20 === 0) say(`  ${round} kills, ${written} events, ${faults.length} faults`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { faults, slowestStartMs, written };
}

async function killOne(databaseFile, rate) {
  const begunMs = Date.now();
  const child = spawn(process.execPath, [WRITER, databaseFile, String(rate)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told = [];
  let firstId = 0;
  let startMs = 0;
  let killedMs = 0;
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const [first, second] = line.split(' ');
    if (first === 'start') {
      firstId = Number(second);
      startMs = Date.now() - begunMs;
      // From the very first moment on, and up to a second into the load.
      setTimeout(() => {
        killedMs = Date.now();
        child.kill('SIGKILL');
      }, Math.random() * 1_000);
      continue;
    }
    told.push({ atMs: Number(first), id: Number(second) });
  }
  await exited;
  if (killedMs === 0) throw new Error('the writer ended by itself');
  return { startMs, firstId, told, killedMs };
}

async function inspect(databaseFile, round, dueId, faults) {
  if ((await lockHolder(databaseFile)) !== null) faults.push(`round ${round}: still locked`);
  const findings = await checkDatabase(databaseFile);
  if (findings.length > 0) faults.push(`round ${round}: ${findings[0]}`);
  const reader = await openReader(databaseFile);
  try {
    const [newest] = await reader.listEvents({ limit: 1 });
    const last = newest?.id ?? 0;
    if (last < dueId) faults.push(`round ${round}: ${last} is the last event, ${dueId} was due`);
    // What was counted in the last second is counted again, from the rows.
    await (
      await openStore({
        databaseFile,
        jsonLogFile: null,
        inWorker: false,
        onNotice: () => undefined,
      })
    ).close();
    // Ids run on without a gap, so that the counter, the rows and the highest id agree.
    const kept = await reader.countEvents();
    if (kept !== last) faults.push(`round ${round}: ${kept} events counted, ${last} are there`);
    const { messages } = await reader.statsSince(0, 1);
    if (messages !== last) faults.push(`round ${round}: statistics tell ${messages} of ${last}`);
    return last;
  } finally {
    await reader.close();
  }
}
