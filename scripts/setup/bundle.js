import { listFiles } from './digest.js';
import { say } from './run.js';

/** What is loaded by its name, besides the commands: by bin/run.js, by oclif, and as a thread. */
const ENTRIES = ['cli/reference-flags.js', 'cli/command-not-found.js', 'store/worker.js'];

/**
 * Joins the compiled modules of `folder` into few files, as what a command loads is read from: finding
 * and linking hundreds of modules takes a tenth of a start. The entries stay where they are, what
 * they share goes to `chunks/`; packages are not touched, and the modules stay beside it for benches.
 * Where rolldown has no binary for this machine they are all that there is: that runs as well. Throws
 * what rolldown says.
 */
export async function bundle(folder) {
  const commands = listFiles(folder, 'commands').filter((name) => name.endsWith('.js'));
  const entries = [...commands, ...ENTRIES];
  const bundler = await import('rolldown').catch((error) => {
    say(`the modules are not joined, rolldown does not load: ${error.message.split('\n')[0]}`);
    return null;
  });
  if (bundler === null) return;
  const build = await bundler.rolldown({
    cwd: folder,
    input: Object.fromEntries(entries.map((name) => [name.slice(0, -'.js'.length), `./${name}`])),
    platform: 'node',
    external: /^[^./]/,
    onLog: (level, log) => {
      if (level !== 'info' && level !== 'debug') throw new Error(log.message);
    },
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  await build.close();
  // What finds a file by import.meta.url expects to be one folder deep.
  const lost = output.find(
    ({ fileName, code }) => code?.includes('import.meta.url') && fileName.split('/').length !== 2,
  );
  if (lost !== undefined) throw new Error(`${lost.fileName} looks for files in the wrong folder`);
}
