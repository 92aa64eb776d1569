import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

/** The start script as it is, on an agent that tells its arguments and how it was stopped. */
it.each(['SIGTERM', 'SIGINT'] as const)(
  'npm start hands its arguments and %s to the agent',
  async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'sentrypeer-start-'));
    try {
      const described = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
      const { scripts } = JSON.parse(described) as { readonly scripts: Record<string, string> };
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'x', scripts }));
      await mkdir(join(folder, 'scripts'));
      await mkdir(join(folder, 'bin'));
      await writeFile(join(folder, 'scripts/setup.js'), '');
      const agent = `
      for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => {
        console.log('stopped by ' + name);
        process.exit(0);
      });
      setInterval(() => undefined, 60_000);
      console.log('agent ' + process.pid + ' ' + process.argv.slice(2).join(' '));`;
      await writeFile(join(folder, 'bin/run.js'), agent);
      const npm = spawn('npm', ['start', '--silent', '--', '-v'], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(npm, 'close');
      const lines = createInterface({ input: npm.stdout })[Symbol.asyncIterator]();
      const first = String((await lines.next()).value);
      expect(first).toMatch(/^agent \d+ run -v$/);
      npm.kill(signal);
      expect((await lines.next()).value).toBe(`stopped by ${signal}`);
      await ended;
      const pid = Number(first.split(' ')[1]);
      expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
