import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkDatabase } from '../../src/store/database/check.js';
import { openReader } from '../../src/store/read/reader.js';
import { compileStore, type CompiledStore } from './compile.js';
import { makeFolder, openSampleStore } from './samples.js';

/** Hands events over without end, and says which of them have been committed. */
const WRITER = `
import { openStore } from './store/open.js';
const store = await openStore({ databaseFile: process.argv[2], jsonLogFile: null, inWorker: true,
  onNotice: (text) => process.stderr.write(text) });
const raw = Buffer.from('INVITE sip:00442071838750@b SIP/2.0\\r\\n\\r\\n');
const end = { address: '203.0.113.7', port: 5060 };
let id = store.nextEventId;
setInterval(() => {
  const events = Array.from({ length: 20 }, () => ({
    id: id++, uuid: 'u', receivedAtUs: id, transport: 'udp', source: end, local: end,
    proof: 'none', attackType: null, score: 0, answeredStatus: null, raw, rawLength: raw.length, ordinary: false,
  }));
  const none = { sightings: [], blocks: [], calls: [], endedBlocks: [], jobRuns: [] };
  store.write({ events, ...none });
  const last = id - 1;
  store.flush().then(() => process.stdout.write(last + '\\n'));
}, 20);
`;

let compiled: CompiledStore;
beforeAll(() => {
  compiled = compileStore();
});
afterAll(() => {
  compiled.remove();
});

/** Kills the writer once so many events are committed; resolves to the last that it knew of. */
async function killAfter(databaseFile: string, events: number): Promise<number> {
  const program = compiled.addProgram('writer.js', WRITER);
  const child = spawn(process.execPath, [program, databaseFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let first: number | null = null;
  let committed = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    committed = Math.max(committed, Number(line));
    first ??= committed;
    if (committed - first >= events) child.kill('SIGKILL');
  }
  await exited;
  return committed;
}

// How soon an event is committed is measured by `npm run bench -- store`.
it('SIGKILL loses no event that was committed, and no count of one', async () => {
  const databaseFile = join(await makeFolder(), 'sentrypeer.db');
  for (let round = 1; round <= 3; round += 1) {
    const due = await killAfter(databaseFile, 400 * round);
    expect(due).toBeGreaterThan(0);
    expect(await checkDatabase(databaseFile)).toEqual([]);
    const reader = await openReader(databaseFile);
    const [newest] = await reader.listEvents({ limit: 1 });
    const last = newest?.id ?? 0;
    expect(last).toBeGreaterThanOrEqual(due);
    // What was counted in the last second is counted again, from the rows.
    const { store } = await openSampleStore({ databaseFile });
    await store.close();
    // Ids run on without a gap: rows, counters and numbers tell the same.
    expect(await reader.countEvents()).toBe(last);
    expect((await reader.statsSince(0, 1)).messages).toBe(last);
    expect(await reader.findNumber('+442071838750')).toMatchObject([{ calls: last }]);
    await reader.close();
  }
}, 60_000);
