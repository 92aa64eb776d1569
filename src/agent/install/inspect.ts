import { readFile, stat } from 'node:fs/promises';
import { decideSettings } from '../../config/load.js';
import { AgentError } from '../../core/common/errors.js';
import { findComment, findId } from './accounts.js';
import { filesOfRoot } from './hand-over.js';
import { isMarked, isVacant } from './marker.js';
import { isOurProgram, isSameProgram, isThere } from './program.js';
import { LINK_REMEDY, linkTarget } from './rights.js';
import {
  SERVICE_USER,
  SERVICE_USER_COMMENT,
  type Ownership,
  type Recognition,
  type Step,
} from './steps.js';
import { runTool } from './run-tool.js';

/** What was found where a step would act. */
export type StepFinding =
  | { readonly kind: 'done' }
  | { readonly kind: 'todo' }
  /** Somebody else's, who is not in the way: it stays. */
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string; readonly remedy: string };

const DONE: StepFinding = { kind: 'done' };
const NEEDED: StepFinding = { kind: 'todo' };
const doneIf = (done: boolean): StepFinding => (done ? DONE : NEEDED);

/** Looks and changes nothing. `changed`: an earlier step of this run changed something. */
export async function inspectStep(step: Step, changed: boolean): Promise<StepFinding> {
  switch (step.kind) {
    case 'require':
      return step.ok
        ? DONE
        : { kind: 'refused', why: `this needs ${step.what}`, remedy: step.remedy };
    case 'user':
      return doneIf((await findId('passwd', step.name)) !== null);
    case 'remove-user':
      return inspectAccount(step.name);
    case 'folder':
      return inspectFolder(step);
    case 'contents':
      return inspectContents(step.path);
    case 'program':
      if (!(await isThere(step.to))) return NEEDED;
      return (
        (await refuseForeign(step.to, { by: 'program' })) ??
        doneIf(await isSameProgram(step.from, step.to))
      );
    case 'file':
      return inspectFile(step);
    case 'command':
      return inspectCommand(step, changed);
    case 'call':
      return NEEDED;
    case 'remove': {
      const left = await linkLeft(step);
      if (left !== null) return left;
      if (!(await isThere(step.path))) return DONE;
      return (await refuseForeign(step.path, step.ours)) ?? NEEDED;
    }
  }
}

/** To remove a link would leave the data where they are; what it leads to was not made here. */
async function linkLeft({
  path,
  ours,
}: Extract<Step, { kind: 'remove' }>): Promise<StepFinding | null> {
  if (ours.by !== 'marker' && ours.by !== 'program') return null;
  const target = await linkTarget(path);
  if (target === null) return null;
  const why = `${path} is a link: what is in ${target} stays, look at it and take both away by hand`;
  return { kind: 'left', why };
}

async function inspectAccount(name: string): Promise<StepFinding> {
  const comment = await findComment(name);
  if (comment === null) return DONE;
  return comment === SERVICE_USER_COMMENT
    ? NEEDED
    : { kind: 'left', why: `the account ${name} was not made by an installation of this program` };
}

async function inspectFolder(step: Extract<Step, { kind: 'folder' }>): Promise<StepFinding> {
  const target = await linkTarget(step.path);
  if (target !== null) {
    const why = `${step.path} is a link to ${target}: that folder would become the service's`;
    return { kind: 'refused', why, remedy: LINK_REMEDY(step.path) };
  }
  if (!(await isThere(step.path))) return NEEDED;
  if (!(await stat(step.path)).isDirectory()) {
    return foreign(step.path, 'is no folder');
  }
  return (
    (step.owner === null ? null : await refuseForeign(step.path, { by: 'owner' })) ??
    doneIf((await hasRights(step.path, step.mode, step.owner)) && !(await isVacant(step.path)))
  );
}

async function inspectContents(path: string): Promise<StepFinding> {
  try {
    return doneIf((await filesOfRoot(path)).length === 0);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { kind: 'refused', why: error.message, remedy: error.remedy };
  }
}

async function inspectFile(step: Extract<Step, { kind: 'file' }>): Promise<StepFinding> {
  if (!(await isThere(step.path))) return NEEDED;
  const refusal = await refuseForeign(step.path, step.ours);
  if (refusal !== null) return refusal;
  const wanted = step.existing === 'keep' || (await readFile(step.path, 'utf8')) === step.content;
  return doneIf(wanted && (await hasRights(step.path, step.mode, step.owner)));
}

async function inspectCommand(
  step: Extract<Step, { kind: 'command' }>,
  changed: boolean,
): Promise<StepFinding> {
  if (step.onlyWith !== null && !(await isThere(step.onlyWith))) return DONE;
  if (step.when === 'changed') return doneIf(!changed);
  if (step.when === 'either' && changed) return NEEDED;
  if (step.unless === null) return NEEDED;
  const [program, ...words] = step.unless;
  const { exitCode } = await runTool(program, words, { reject: false });
  return doneIf(exitCode === 0);
}

/** What speaks against touching this path; null when it is ours. */
async function refuseForeign(path: string, ours: Recognition): Promise<StepFinding | null> {
  switch (ours.by) {
    case 'text':
      if (!(await stat(path)).isFile()) return foreign(path, 'is no file');
      return (await readFile(path, 'utf8')).includes(ours.text)
        ? null
        : foreign(path, 'was not written by this program');
    case 'program':
      if (!(await stat(path)).isDirectory()) return foreign(path, 'is no folder');
      return (await isOurProgram(path)) ? null : foreign(path, 'holds another program');
    case 'configuration':
      return refuseConfiguration(path);
    case 'marker':
      return (await isMarked(path)) ? refuseOwner(path) : leave(path);
    case 'owner':
      return refuseOwner(path);
  }
}

async function refuseConfiguration(path: string): Promise<StepFinding | null> {
  if (!(await stat(path)).isFile()) return foreign(path, 'is no file');
  try {
    decideSettings({ file: path, env: {}, flags: {} }, await readFile(path, 'utf8'));
    return null;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return foreign(path, `is not a configuration that this agent can read (${error.message})`);
  }
}

/** root's or our own: a folder of somebody else holds somebody else's data. */
async function refuseOwner(path: string): Promise<StepFinding | null> {
  const { uid } = await stat(path);
  const service = await findId('passwd', SERVICE_USER);
  const mine = process.getuid?.() ?? 0;
  return uid === 0 || uid === mine || uid === service
    ? null
    : foreign(path, `belongs to user ${uid}, neither to root nor to ${SERVICE_USER}`);
}

const leave = (path: string): StepFinding => ({
  kind: 'left',
  why: `${path} was there before the installation: look what is in it, and take it away by hand`,
});

const foreign = (path: string, why: string): StepFinding => ({
  kind: 'refused',
  why: `${path} is there and ${why}`,
  remedy: `Look at ${path}; move it away if nothing needs it, and type the same again.`,
});

async function hasRights(path: string, mode: number, owner: Ownership | null): Promise<boolean> {
  const found = await stat(path);
  if ((found.mode & 0o7777) !== mode) return false;
  if (owner === null) return true;
  const uid = await findId('passwd', owner.user);
  const gid = await findId('group', owner.group);
  return found.uid === uid && found.gid === gid;
}
