import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './digest.js';
import { gatherLicences } from './licences.js';
import { say } from './run.js';

/** What is loaded by its name, besides the commands: by bin/run.js, by oclif, and as a thread. */
const ENTRIES = ['cli/main.js', 'cli/command-not-found.js', 'store/worker.js'];

/** Compiled code, and what oclif would load to run TypeScript; it does without. */
const EXTERNAL = /^(sqlite3|typescript|ts-node)$/;

/**
 * Joins the compiled modules of `folder` and the packages that they use into few files in `joined/`,
 * which bin/load.js reads: to find and link hundreds of modules takes a third of a start. The modules
 * stay beside them, for benches and tests. Where rolldown has no binary for this machine they are
 * all that there is: that runs as well. Throws what rolldown says.
 */
export async function bundle(root, folder) {
  const commands = listFiles(folder, 'commands').filter((name) => name.endsWith('.js'));
  const entries = [...commands, ...ENTRIES];
  const bundler = await import('rolldown').catch((error) => {
    say(`the modules are not joined, rolldown does not load: ${error.message.split('\n')[0]}`);
    return null;
  });
  if (bundler === null) return;
  const build = await bundler.rolldown({
    cwd: folder,
    input: Object.fromEntries(entries.map((name) => [joinedName(name), `./${name}`])),
    platform: 'node',
    external: EXTERNAL,
    plugins: [oclifByLoader],
    onLog: (level, log) => {
      if (level !== 'info' && level !== 'debug') throw new Error(log.message);
    },
  });
  // Scripts, because Node keeps bytecode of those alone; all in one folder, two below the root like
  // the modules, for what finds a file by import.meta.url.
  const { output } = await build.write({
    dir: join(folder, 'joined'),
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  await build.close();
  const worker = `import { load } from '../../bin/load.js';\n\nload('store-worker.cjs');\n`;
  writeFileSync(join(folder, 'store', 'worker.js'), worker);
  const modules = output.flatMap(({ moduleIds }) => moduleIds ?? []);
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), gatherLicences(root, modules, 'dist/joined'));
}

/** `commands/blocks/list.js` becomes `commands-blocks-list`, as bin/load.js knows. */
const joinedName = (name) => name.slice(0, -'.js'.length).replaceAll('/', '-');

/** A command is loaded by its file's URL, which a script without a loader of its own cannot. */
const oclifByLoader = {
  name: 'oclif-by-loader',
  transform(code, id) {
    if (!/@oclif\/core\/lib\/module-loader\.js$/.test(id)) return null;
    const parts = code.split('await import(');
    if (parts.length !== 4) throw new Error('@oclif/core loads its modules in another way now');
    return { code: parts.join('await importModule('), map: null };
  },
};
