import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { transformSync } from 'rolldown/utils';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Parts of the program as JavaScript in a folder of their own, for what vitest cannot run from the sources: a
 * worker thread and a process that is killed. Types are left to the type check.
 */
export interface CompiledStore {
  /** Path of a compiled file, such as `store/open.js`. */
  path(name: string): string;
  /** Writes a program that imports from `./store/…`; returns its path. */
  addProgram(name: string, text: string): string;
  remove(): void;
}

export function compileStore(parts: readonly string[] = ['core', 'store']): CompiledStore {
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-compiled-'));
  for (const part of parts) compileFolder(join(ROOT, 'src', part), join(folder, part));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    path: (name) => join(folder, name),
    addProgram: (name, text) => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function compileFolder(from: string, to: string): void {
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const target = join(to, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    // Not by TypeScript itself, which takes seconds for what takes a tenth of one here.
    const { code, errors } = transformSync(name, readFileSync(join(from, name), 'utf8'), {
      typescript: { onlyRemoveTypeImports: true },
    });
    if (errors.length > 0) throw new Error(`${name}: ${JSON.stringify(errors)}`);
    writeFileSync(target, code);
  }
}
