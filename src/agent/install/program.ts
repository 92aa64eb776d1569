import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

const PARTS = [
  'bin',
  'dist',
  'docs',
  'rules',
  'grammars',
  'systemd',
  'packaging',
  'oclif.manifest.json',
];
const DESCRIPTION = 'package.json';
const STAMP = '.installed';
const COPIED_AT_ONCE = 64;

/** What a compiled package leaves behind and nobody needs at run time. */
const LEFT_OUT =
  /^node_modules\/(\.bin|sqlite3\/(deps|src)|sqlite3\/build\/(?!Release$|Release\/[^/]*\.node$).*)(\/|$)/;

/** True when the folder holds this program, or nothing at all. */
export async function isOurProgram(folder: string): Promise<boolean> {
  try {
    const text = await readFile(join(folder, DESCRIPTION), 'utf8');
    return /"name": "sentrypeer-agent"/.test(text);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return (await readdir(folder)).length === 0;
  }
}

/** True when `to` holds what `from` holds now. */
export async function isSameProgram(from: string, to: string): Promise<boolean> {
  if (from === to) return true;
  try {
    if ((await readFile(join(to, STAMP), 'utf8')) !== (await digestProgram(from))) return false;
    // The stamp tells of the packages; our own files may have been changed since.
    return (await digestOwn(from)) === (await digestOwn(to));
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/**
 * Copies the program with the packages that it needs at run time. It is complete beside the old one
 * before it takes its place, so that a failure half-way leaves the old one whole. All can read it:
 * the service is another user, and a clone may have been made with a narrow umask. The old one is
 * kept until `settle`; `undo` puts it back.
 */
export async function copyProgram(
  from: string,
  to: string,
): Promise<{ undo: () => Promise<void>; settle: () => Promise<void> }> {
  const fresh = `${to}.new`;
  const old = `${to}.old`;
  await rm(fresh, { recursive: true, force: true });
  const files = await listProgram(from);
  for (const folder of new Set(files.map((file) => dirname(join(fresh, file))))) {
    await makeFolder(folder);
  }
  // Several thousand small files: one after the other takes ten seconds.
  for (let at = 0; at < files.length; at += COPIED_AT_ONCE) {
    const some = files.slice(at, at + COPIED_AT_ONCE);
    await Promise.all(some.map((file) => copyReadable(join(from, file), join(fresh, file))));
  }
  await writeFile(join(fresh, STAMP), await digestProgram(from));
  await chmod(join(fresh, STAMP), 0o644);
  await rm(old, { recursive: true, force: true });
  if (await isThere(to)) await rename(to, old);
  await rename(fresh, to);
  return {
    undo: async () => {
      await rm(to, { recursive: true, force: true });
      if (await isThere(old)) await rename(old, to);
    },
    settle: () => rm(old, { recursive: true, force: true }),
  };
}

/** Every file of the program at run time, relative to its folder, sorted. */
export async function listProgram(from: string): Promise<readonly string[]> {
  const packages = await listPackages(from);
  const lists = await Promise.all([...PARTS, ...packages].map((part) => listFiles(from, part)));
  return [DESCRIPTION, ...lists.flat()].sort();
}

/**
 * The installed packages that are no development ones, by npm's own record of node_modules. Without
 * a record (a global installation) only packages for run time are there.
 */
async function listPackages(from: string): Promise<readonly string[]> {
  const record = join(from, 'node_modules', '.package-lock.json');
  if (!(await isThere(record))) return ['node_modules'];
  // The record's form is npm's (lockfileVersion 2 and 3).
  const { packages } = JSON.parse(await readFile(record, 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>
    >;
  };
  const needed = Object.entries(packages)
    .filter(([, entry]) => entry.dev !== true && entry.devOptional !== true)
    .map(([path]) => path)
    // A package inside another one comes with it.
    .filter((path) => path.startsWith('node_modules/') && !path.includes('/node_modules/'));
  const there = await Promise.all(needed.map((path) => isThere(join(from, path))));
  return needed.filter((_, index) => there[index] === true);
}

async function listFiles(from: string, part: string, isFile = false): Promise<readonly string[]> {
  if (LEFT_OUT.test(part)) return [];
  if (isFile) return [part];
  const path = join(from, part);
  if (!(await isThere(path))) return [];
  return (await stat(path)).isDirectory() ? listFolder(from, part) : [part];
}

async function listFolder(from: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(from, folder), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map((entry) => listFiles(from, `${folder}/${entry.name}`, entry.isFile())),
  );
  return lists.flat();
}

/**
 * Our own files by content; of the packages npm's record, which has a hash of each; and the
 * Node-API that the compiled one is for.
 */
async function digestProgram(from: string): Promise<string> {
  const hash = createHash('sha256')
    .update(process.versions['napi'] ?? '')
    .update(process.arch);
  hash.update(await digestOwn(from));
  const record = join(from, 'node_modules', '.package-lock.json');
  if (await isThere(record)) hash.update(await readFile(record));
  return `${hash.digest('hex')}\n`;
}

/** Our own files by name and content. */
async function digestOwn(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const lists = await Promise.all(PARTS.map((part) => listFiles(folder, part)));
  for (const file of [DESCRIPTION, ...lists.flat()].sort()) {
    hash
      .update(file)
      .update('\0')
      .update(await readFile(join(folder, file)));
  }
  return hash.digest('hex');
}

async function copyReadable(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const { mode } = await stat(from);
  await chmod(to, (mode & 0o100) === 0 ? 0o644 : 0o755);
}

/** Like mkdir -p, but open to all whatever the umask, where it makes a folder. */
export async function makeFolder(folder: string): Promise<void> {
  if (await isThere(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  await chmod(folder, 0o755);
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');
