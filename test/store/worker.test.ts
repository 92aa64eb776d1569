import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as OpenModule from '../../src/store/open.js';
import { lockHolder, takeLock } from '../../src/store/database/lock.js';
import { checkDatabase } from '../../src/store/database/check.js';
import { openReader } from '../../src/store/read/reader.js';
import type { StoreOptions } from '../../src/store/types.js';
import { compileStore, type CompiledStore } from './compile.js';
import {
  allBefore,
  batchOf,
  closeAfterTest,
  makeFolder,
  openSampleStore,
  sampleBlock,
  sampleEvents,
  sampleSighting,
  START_US,
} from './samples.js';

let compiled: CompiledStore;
let openCompiled: typeof OpenModule.openStore;

beforeAll(async () => {
  compiled = compileStore();
  // The compiled file is that very module.
  const url = pathToFileURL(compiled.path('store/open.js')).href;
  ({ openStore: openCompiled } = (await import(/* @vite-ignore */ url)) as typeof OpenModule);
});

afterAll(() => {
  compiled.remove();
});

async function openInWorker(change: Partial<StoreOptions> = {}) {
  const folder = await makeFolder();
  const databaseFile = join(folder, 'sentrypeer.db');
  const jsonLogFile = join(folder, 'sentrypeer.json');
  const options: StoreOptions = {
    databaseFile,
    jsonLogFile,
    inWorker: true,
    onNotice: () => undefined,
    ...change,
  };
  return { databaseFile, jsonLogFile, store: closeAfterTest(await openCompiled(options)) };
}

describe('the store in a worker', () => {
  it('stores and logs what it is given, as it does in this thread', async () => {
    const { store, databaseFile, jsonLogFile } = await openInWorker();
    const inThread = await openSampleStore();
    const batch = batchOf({
      events: sampleEvents(1, 2_500),
      sightings: [sampleSighting()],
      blocks: [sampleBlock(1)],
    });
    for (const each of [store, inThread.store]) {
      each.write(batch);
      await each.flush();
    }
    expect(store.stats()).toEqual(inThread.store.stats());
    const reader = closeAfterTest(await openReader(databaseFile));
    const other = closeAfterTest(await openReader(inThread.databaseFile));
    const page = { limit: 3_000, withRaw: true };
    expect(await reader.listEvents(page)).toEqual(await other.listEvents(page));
    expect(await readFile(jsonLogFile, 'utf8')).toBe(await readFile(inThread.jsonLogFile, 'utf8'));
  });

  it('answers the maintenance calls', async () => {
    const { store } = await openInWorker();
    store.write(batchOf({ events: sampleEvents(1, 5), blocks: [sampleBlock(1)] }));
    const ended = await store.expireBlocks(START_US * 2);
    expect(ended).toMatchObject([{ id: 1, endHow: 'expired' }]);
    const counts = await store.prune(allBefore(START_US + 4));
    expect(counts).toMatchObject({ events: 3 });
    expect(await store.vacuum(10)).toMatchObject({ pagesFree: 0 });
    expect(await store.rollUp(START_US)).toBe(0);
    await store.analyze();
    await store.reopenLog();
  });

  it('tells after its start what it found on the way: logs behind links, files it cannot use', async () => {
    const folder = await makeFolder();
    const jsonLogFile = join(folder, 'link.json');
    await writeFile(join(folder, 'real.json'), '');
    await symlink('real.json', jsonLogFile);
    const notices: string[] = [];
    const countryFile = join(folder, 'absent.mmdb');
    const onNotice = (text: string) => notices.push(text);
    const { store } = await openInWorker({ jsonLogFile, countryFile, onNotice });
    store.write(batchOf({ events: sampleEvents(1, 1) }));
    await store.flush();
    expect(notices).toEqual([
      expect.stringContaining(`${jsonLogFile} is a link to `),
      expect.stringContaining(`${countryFile} cannot be used`),
    ]);
  });

  it('refuses to start with the error that this thread would give', async () => {
    const { store, databaseFile } = await openInWorker();
    await store.close();
    await expect(openInWorker({ databaseFile: join(databaseFile, 'below') })).rejects.toMatchObject(
      {
        code: 'STATE_UNWRITABLE',
        remedy: expect.stringContaining('make ') as string,
      },
    );
  });
});

describe('a thread that dies', () => {
  it('is told as an error that ends the agent, and what waited is counted as lost', async () => {
    const other = compileStore();
    try {
      other.addProgram(
        'store/worker.js',
        `import { parentPort } from 'node:worker_threads';
         parentPort.on('message', () => { throw new Error('no memory left'); });
         parentPort.postMessage({ kind: 'started', nextEventId: 1, nextBlockId: 1 });`,
      );
      const url = pathToFileURL(other.path('store/open.js')).href;
      const { openStore } = (await import(/* @vite-ignore */ url)) as typeof OpenModule;
      const databaseFile = join(await makeFolder(), 'sentrypeer.db');
      let told: (error: { exitCode: number; message: string }) => void;
      const gone = new Promise<{ exitCode: number; message: string }>((resolve) => {
        told = resolve;
      });
      const store = await openStore({
        databaseFile,
        jsonLogFile: null,
        inWorker: true,
        onNotice: () => undefined,
        onGone: (error) => {
          told(error);
        },
      });
      store.write(batchOf({ events: sampleEvents(1, 3) }));
      expect(await gone).toMatchObject({
        exitCode: 70,
        message: expect.stringContaining('no memory left') as string,
      });
      expect(store.stats()).toMatchObject({ queued: 0, failed: 3 });
      await store.close();
    } finally {
      other.remove();
    }
  });
});

/** Writes events without end, and says on its output which id has been committed. */
const WRITER = `
import { openStore } from './store/open.js';
import { takeLock } from './store/database/lock.js';
const databaseFile = process.argv[2];
await takeLock(databaseFile);
const onNotice = (text) => process.stderr.write(text);
const store = await openStore({ databaseFile, jsonLogFile: null, inWorker: true, onNotice });
const raw = Buffer.from('OPTIONS sip:a@b SIP/2.0\\r\\n\\r\\n');
let id = store.nextEventId;
const end = { address: '203.0.113.7', port: 5060 };
for (;;) {
  const events = Array.from({ length: 100 }, () => ({
    id: id++, uuid: 'u', receivedAtUs: id, transport: 'udp', source: end, local: end,
    proof: 'none', attackType: null, score: 0, answeredStatus: null, raw, rawLength: raw.length, ordinary: false,
  }));
  const none = { sightings: [], blocks: [], calls: [], endedBlocks: [], jobRuns: [] };
  store.write({ events, ...none });
  await store.flush();
  process.stdout.write(id - 1 + '\\n');
}
`;

/** Reads the committed ids until one is at least `wanted`, kills, and returns the last one read. */
async function killAfter(child: ChildProcess, wanted: number): Promise<number> {
  if (child.stdout === null) throw new Error('the program has no output');
  let last = 0;
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last >= wanted) child.kill('SIGKILL');
  }
  await exited;
  return last;
}

describe('an agent that is killed under load', () => {
  it('leaves a sound database with all that was committed, and the lock free', async () => {
    const databaseFile = join(await makeFolder(), 'sentrypeer.db');
    const program = compiled.addProgram('writer.js', WRITER);
    let committed = 0;
    for (let round = 1; round <= 4; round += 1) {
      const child = spawn(process.execPath, [program, databaseFile], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const last = await killAfter(child, committed + round * 700);
      expect(last).toBeGreaterThan(committed);

      expect(await lockHolder(databaseFile)).toBeNull();
      const lock = await takeLock(databaseFile);
      const { store } = await openSampleStore({ databaseFile, jsonLogFile: null });
      expect(await checkDatabase(databaseFile)).toEqual([]);
      expect(store.nextEventId).toBeGreaterThan(last);
      const reader = closeAfterTest(await openReader(databaseFile));
      // Ids run on without a gap, so the count is the highest of them.
      expect(await reader.countEvents()).toBe(store.nextEventId - 1);
      committed = store.nextEventId - 1;
      await reader.close();
      await store.close();
      await lock.release();
    }
  });

  it('names its process to the second one while it lives', async () => {
    const databaseFile = join(await makeFolder(), 'sentrypeer.db');
    const program = compiled.addProgram('writer.js', WRITER);
    const child = spawn(process.execPath, [program, databaseFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    // Its lock object is garbage by now; the lock is not.
    expect(await lockHolder(databaseFile)).toBe(child.pid);
    await expect(takeLock(databaseFile)).rejects.toMatchObject({ code: 'AGENT_RUNNING' });
    await killAfter(child, 0);
    const lock = await takeLock(databaseFile);
    await lock.release();
  });
});
