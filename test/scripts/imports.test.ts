import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from './load-script.js';

const ROOT = join(import.meta.dirname, '../..');
const FILES = ['bench', 'scripts'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, name)),
);

interface Import {
  readonly names: readonly string[];
  readonly from: string;
}

/** `import { a, b as c } from './x.js'`, over however many lines. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(/^import ([^;]*?) from '(\.[^']+)';/gm);
  return [...found].map(([, what = '', from = '']) => ({
    from: join(ROOT, dirname(file), from),
    names: (/\{([^}]*)\}/.exec(what)?.[1] ?? '')
      .split(',')
      .map((name) => name.trim().split(/\s+as\s+/)[0] ?? '')
      .filter((name) => name !== ''),
  }));
}

/** Plain JavaScript that no compiler looks at: what moved away from under it is seen here. */
describe('benches and scripts', () => {
  it.each(FILES)('%s imports what is there', async (file) => {
    for (const { from, names } of importsOf(file)) {
      expect(existsSync(from), from).toBe(true);
      // An import of a computed name has no type of its own.
      const module = (await import(pathToFileURL(from).href)) as Record<string, unknown>;
      for (const name of names) expect(module, `${name} of ${from}`).toHaveProperty(name);
    }
  });

  it.each(FILES.filter((file) => dirname(file) === 'bench'))('%s can be run', async (file) => {
    const bench = await load<{ ABOUT: string; run: unknown }>(file);
    expect(bench.ABOUT).toMatch(/\w/);
    expect(typeof bench.run).toBe('function');
    expect(basename(file)).toMatch(/^[a-z]+\.js$/);
  });
});
