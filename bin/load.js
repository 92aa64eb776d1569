// Loads what the build joined (dist/joined) without a search for hundreds of files, and with the bytecode
// that it kept there: compiling is half of a start. V8 takes bytecode only of its own version and flags,
// which name its folder; where there is none of them the text is compiled. It lies with the code, is
// whose the code is, and nothing but the build writes it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const JOINED = join(DIST, 'joined');
const WRAPPER = '(function (exports, require, module, __filename, __dirname, importModule) {';

/** Where bytecode for this Node with its flags lies. */
export const KEPT = join(JOINED, `bytecode-${cachedDataVersionTag()}`);

/** What was loaded, by the name of its file: the build keeps the bytecode of these. */
export const scripts = new Map();

/** False where the build could not join: then there are the modules in dist alone. */
export const isJoined = () => existsSync(join(JOINED, 'cli-main.cjs'));

const modules = new Map();
const requireOther = createRequire(import.meta.url);

/** The exports of a joined file. */
export function load(name) {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(name, module);
  const filename = join(JOINED, name);
  const source = `${WRAPPER}${readFileSync(filename, 'utf8')}\n})`;
  const script = new Script(source, { filename, cachedData: readKept(name) });
  scripts.set(name, script);
  const run = script.runInThisContext();
  run(module.exports, requireFrom, module, filename, JOINED, importModule);
  return module.exports;
}

function readKept(name) {
  try {
    return readFileSync(join(KEPT, name));
  } catch {
    // Nothing is lost without it but time.
    return undefined;
  }
}

const requireFrom = (id) => (id.startsWith('./') ? load(id.slice(2)) : requireOther(id));
requireFrom.resolve = requireOther.resolve;

/** A module of dist by its URL is taken from what was joined, where it was. */
async function importModule(url) {
  const inside = relative(DIST, fileURLToPath(url));
  const name = `${inside.replace(/\.js$/, '').replaceAll('/', '-')}.cjs`;
  return !inside.startsWith('..') && existsSync(join(JOINED, name)) ? load(name) : import(url);
}
