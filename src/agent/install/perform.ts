import { chmod, chown, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { findOwner } from './accounts.js';
import { isVacant, mark } from './marker.js';
import { copyProgram, isThere, makeFolder } from './program.js';
import { SERVICE_USER_COMMENT, type Ownership, type Step } from './steps.js';

/** Does what a step sees to. Resolves to false when it turned out that there was nothing to do. */
export async function performStep(step: Step): Promise<boolean> {
  switch (step.kind) {
    case 'require':
      break;
    case 'user':
      await addUser(step);
      break;
    case 'remove-user':
      await execa('userdel', [step.name]);
      break;
    case 'folder': {
      const ours = await isVacant(step.path);
      await makeFolder(step.path);
      if (ours) await mark(step.path);
      await setRights(step.path, step.mode, step.owner);
      break;
    }
    case 'program':
      await makeFolder(dirname(step.to));
      await copyProgram(step.from, step.to);
      break;
    case 'file':
      await putFile(step);
      break;
    case 'command': {
      const [program, ...words] = step.words;
      await execa(program, words);
      break;
    }
    case 'call':
      return step.run();
    case 'remove':
      await rm(step.path, { recursive: true });
      break;
  }
  return true;
}

async function addUser(step: Extract<Step, { kind: 'user' }>): Promise<void> {
  const shell = '/usr/sbin/nologin';
  const comment = ['--comment', SERVICE_USER_COMMENT];
  const home = ['--home-dir', step.home, '--no-create-home'];
  await execa('useradd', [
    '--system',
    '--user-group',
    ...home,
    ...comment,
    '--shell',
    shell,
    step.name,
  ]);
}

async function putFile(step: Extract<Step, { kind: 'file' }>): Promise<void> {
  if (step.existing === 'keep' && (await isThere(step.path))) {
    await setRights(step.path, step.mode, step.owner);
    return;
  }
  await makeFolder(dirname(step.path));
  // Complete under another name first: nobody ever reads half of it, or with wider rights.
  const fresh = `${step.path}.sentrypeer-new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, step.content, { mode: 0o600, flag: 'wx' });
  await setRights(fresh, step.mode, step.owner);
  await rename(fresh, step.path);
}

async function setRights(path: string, mode: number, owner: Ownership | null): Promise<void> {
  if (owner !== null) {
    const { uid, gid } = await findOwner(owner);
    await chown(path, uid, gid);
  }
  // After chown, which may take bits away.
  await chmod(path, mode);
}
