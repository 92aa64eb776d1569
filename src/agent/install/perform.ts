import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findId } from './accounts.js';
import { handOver, takeBackFiles } from './hand-over.js';
import { isVacant, mark } from './marker.js';
import { copyProgram, isThere, makeFolder } from './program.js';
import { giveRights, removeTree, rightsOf, setRights } from './rights.js';
import { SERVICE_USER_COMMENT, type Step } from './steps.js';
import { runTool } from './run-tool.js';

/** What taking a step came to. */
export interface Performed {
  /** false: it turned out that there was nothing to do. */
  readonly did: boolean;
  /** Makes it as it was before; null where there is nothing to undo. */
  readonly undo: (() => Promise<void>) | null;
  /** Takes away what was kept for `undo`, once all has gone well; null for nothing. */
  readonly settle: (() => Promise<void>) | null;
}

const did = (undo: Performed['undo'] = null, settle: Performed['settle'] = null): Performed => ({
  did: true,
  undo,
  settle,
});

/** Does what a step sees to. `changed`: an earlier step of this run changed something. */
export async function performStep(step: Step, changed: boolean): Promise<Performed> {
  switch (step.kind) {
    case 'require':
      return did();
    case 'user':
      await addUser(step);
      return did(() => removeUser(step.name));
    case 'remove-user':
      await removeUser(step.name);
      return did();
    case 'folder':
      return did(await putFolder(step));
    case 'contents': {
      const handed = await handOver(step.path, step.owner);
      return did(() => takeBackFiles(handed));
    }
    case 'program':
      await makeFolder(dirname(step.to));
      return copied(await copyProgram(step.from, step.to));
    case 'file':
      return did(await putFile(step));
    case 'command':
      await runCommand(step.words);
      return did(step.undo === undefined ? null : undoCommand(step.undo));
    case 'call':
      return { did: await step.run(changed), undo: null, settle: null };
    case 'remove':
      await removeTree(step.path);
      return did();
  }
}

const copied = ({ undo, settle }: Awaited<ReturnType<typeof copyProgram>>): Performed =>
  did(undo, settle);

async function runCommand([program, ...words]: readonly [string, ...string[]]): Promise<void> {
  await runTool(program, words, { stdin: 'ignore' });
}

const undoCommand = (words: readonly [string, ...string[]]) => (): Promise<void> =>
  runCommand(words);

async function addUser(step: Extract<Step, { kind: 'user' }>): Promise<void> {
  // One of an earlier installation, or of the operator, serves as well.
  const group =
    (await findId('group', step.name)) === null ? ['--user-group'] : ['--gid', step.name];
  const home = ['--home-dir', step.home, '--no-create-home'];
  const comment = ['--comment', SERVICE_USER_COMMENT, '--shell', '/usr/sbin/nologin'];
  await runTool('useradd', ['--system', ...group, ...home, ...comment, step.name]);
}

/** userdel leaves the group where login.defs says so, or where somebody else was made its member. */
async function removeUser(name: string): Promise<void> {
  await runTool('userdel', [name]);
  if ((await findId('group', name)) !== null) await runTool('groupdel', [name]);
}

async function putFolder(step: Extract<Step, { kind: 'folder' }>): Promise<() => Promise<void>> {
  const before = (await isThere(step.path)) ? await rightsOf(step.path, 'folder') : null;
  const ours = await isVacant(step.path);
  await makeFolder(step.path);
  if (ours) await mark(step.path);
  await setRights(step.path, 'folder', step.mode, step.owner);
  return before === null
    ? () => removeTree(step.path)
    : () => giveRights(step.path, 'folder', before);
}

async function putFile(step: Extract<Step, { kind: 'file' }>): Promise<() => Promise<void>> {
  const { path } = step;
  const before = (await isThere(path)) ? await rightsOf(path, 'file') : null;
  if (before !== null && step.existing === 'keep') {
    await setRights(path, 'file', step.mode, step.owner);
    return () => giveRights(path, 'file', before);
  }
  const text = before === null ? null : await readFile(path);
  await makeFolder(dirname(path));
  // Complete under another name first: nobody ever reads half of it, or with wider rights.
  await replaceFile(path, step.content, (fresh) => setRights(fresh, 'file', step.mode, step.owner));
  return text === null || before === null
    ? () => rm(path, { force: true })
    : () => replaceFile(path, text, (fresh) => giveRights(fresh, 'file', before));
}

async function replaceFile(
  path: string,
  content: string | Buffer,
  give: (fresh: string) => Promise<void>,
): Promise<void> {
  const fresh = `${path}.sentrypeer-new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, content, { mode: 0o600, flag: 'wx' });
  await give(fresh);
  await rename(fresh, path);
}
