import { AgentError } from '../../core/common/errors.js';
import { findId } from './accounts.js';
import { inspectStep } from './inspect.js';
import { isThere } from './program.js';
import type { Step } from './steps.js';

/** Looks whether a step that was taken came to what it is for. Rejects with INSTALL_FAILED. */
export async function verifyStep(step: Step): Promise<void> {
  switch (step.kind) {
    case 'require':
    case 'command':
    case 'call':
      // These say themselves when they fail.
      return;
    case 'remove-user':
      for (const database of ['passwd', 'group'] as const) {
        if ((await findId(database, step.name)) === null) continue;
        const what = database === 'passwd' ? 'user' : 'group';
        throw notSo(
          `the ${what} ${step.name} is still there`,
          `getent ${database} ${step.name} shows it; take it away where it is kept`,
        );
      }
      return;
    case 'remove':
      if (await isThere(step.path)) throw notSo(`${step.path} is still there`, LOOK);
      return;
    case 'user':
    case 'folder':
    case 'contents':
    case 'program':
    case 'file': {
      const found = await inspectStep(step, false);
      if (found.kind !== 'done') throw notSo('it was done, and is not so all the same', LOOK);
    }
  }
}

const LOOK = 'See whether another program changes the same, or the disk is full or read-only.';

const notSo = (what: string, remedy: string): AgentError =>
  new AgentError('INSTALL_FAILED', what, remedy);
