import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stopAgent } from '../../../src/agent/control/stop-agent.js';
import { takeLock } from '../../../src/store/database/lock.js';
import { compileStore, type CompiledStore } from '../../store/compile.js';
import { makeFolder } from '../../store/samples.js';

let compiled: CompiledStore;
let databaseFile: string;
let holder: ChildProcess | null = null;

beforeAll(() => {
  compiled = compileStore();
  compiled.addProgram(
    'run.js',
    `import { takeLock } from './store/database/lock.js';
     await takeLock(process.argv[2]);
     process.on('SIGTERM', () => process.argv[3] === 'ends' && setTimeout(() => process.exit(), 200));
     setInterval(() => undefined, 1_000);
     process.stdout.write('held');`,
  );
});

afterAll(() => {
  compiled.remove();
});

beforeEach(async () => {
  databaseFile = join(await makeFolder(), 'sentrypeer.db');
});

afterEach(() => {
  holder?.kill('SIGKILL');
  holder = null;
});

async function hold(how: 'ends' | 'goes on'): Promise<ChildProcess> {
  const words = [compiled.path('run.js'), databaseFile, how];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  holder = child;
  await once(child.stdout, 'data');
  return child;
}

describe('stopAgent', () => {
  it('has nothing to do where nobody has the database', async () => {
    expect(await stopAgent(databaseFile)).toBe(false);
  });

  it('waits until the agent has ended', async () => {
    const child = await hold('ends');
    const ended = once(child, 'exit');
    expect(await stopAgent(databaseFile)).toBe(true);
    expect(await ended).toEqual([0, null]);
  });

  it('says who goes on all the same', async () => {
    const child = await hold('goes on');
    await expect(stopAgent(databaseFile, 300)).rejects.toMatchObject({
      code: 'AGENT_RUNNING',
      message: `process ${child.pid ?? 0}, which has ${databaseFile}, did not end within 0.3 s`,
    });
  });

  it('ends no process that is another program', async () => {
    const lock = await takeLock(databaseFile);
    await expect(stopAgent(databaseFile, 100)).rejects.toThrow(`process ${process.pid}, which has`);
    await lock.release();
  });

  it('takes a lock file that is damaged for nobody', async () => {
    await writeFile(
      `${databaseFile}.lock`,
      'a letter to my aunt, which is no database at all'.repeat(9),
    );
    expect(await stopAgent(databaseFile)).toBe(false);
  });
});
