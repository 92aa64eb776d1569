import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuietly } from './run.js';

/**
 * What oclif.manifest.json must be for the built commands, as `{text}`, or `{failed}` with the words
 * of oclif. It is made in a folder of its own, because oclif first deletes the one where it runs.
 */
export async function makeManifest(root) {
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-manifest-'));
  try {
    for (const part of ['package.json', 'dist', 'node_modules', 'bin']) {
      symlinkSync(join(root, part), join(folder, part));
    }
    const oclif = join(root, 'node_modules', 'oclif', 'bin', 'run.js');
    // Asking for a newer oclif would need the network.
    const env = { ...process.env, OCLIF_SKIP_NEW_VERSION_CHECK: '1' };
    const failed = await runQuietly(folder, [process.execPath, oclif, 'manifest'], env);
    if (failed !== null) return { failed };
    return { text: sortManifest(readFileSync(join(folder, 'oclif.manifest.json'), 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The text of a manifest with its commands in order: oclif lists them in the order in which it
 * happened to load them, which differs from one run to the next. Where a command is found is said
 * from `dist` on: through the links of that folder oclif sees a way that leads there from the root
 * of this machine, and no command would load from a folder at another depth.
 */
export function sortManifest(text) {
  const { commands, ...rest } = JSON.parse(text);
  const sorted = Object.fromEntries(
    Object.entries(commands)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, command]) => [id, fromDist(command)]),
  );
  return `${JSON.stringify({ commands: sorted, ...rest }, null, 2)}\n`;
}

function fromDist(command) {
  const { relativePath } = command;
  const begin = relativePath?.lastIndexOf('dist') ?? -1;
  return begin === -1 ? command : { ...command, relativePath: relativePath.slice(begin) };
}
