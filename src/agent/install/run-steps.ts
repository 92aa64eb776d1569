import { AgentError } from '../../core/common/errors.js';
import { inspectStep, type StepFinding } from './inspect.js';
import { performStep, type Performed } from './perform.js';
import { verifyStep } from './verify.js';
import { describeStep, type Step } from './steps.js';

export type StepOutcome = 'done' | 'already so' | 'would be done' | 'would be refused' | 'left out';

export interface StepResult {
  readonly what: string;
  readonly outcome: StepOutcome;
  /** Why it would be refused, or what is lost by leaving it out; null otherwise. */
  readonly note: string | null;
}

export interface RunOptions {
  /** true: look and tell, and change nothing. */
  readonly dryRun: boolean;
  /** Gets each result as soon as it is known. */
  readonly print: (result: StepResult) => void;
  /**
   * Called when a step has failed and the steps before it were taken back, to set going again what
   * ran before; left out: what was done stays, and typing the same again goes on from there.
   */
  readonly afterUndo?: () => Promise<void>;
}

/**
 * Takes the steps in order. All are looked at before the first is taken, so that what belongs to
 * somebody else is refused while nothing is half-made; each is looked at again after it was taken.
 * Rejects with AgentError INSTALL_FAILED, which says what became of the steps before the failure.
 */
export async function runSteps(
  steps: readonly Step[],
  options: RunOptions,
): Promise<readonly StepResult[]> {
  if (!options.dryRun) await refuseForeign(steps);
  const results: StepResult[] = [];
  const performed: Taken[] = [];
  let changed = false;
  const interruption = options.dryRun ? null : catchInterruption();
  for (const step of steps) {
    const result = await takeUninterrupted(interruption, () =>
      takeStep(step, changed, options.dryRun, performed),
    ).catch(async (error: unknown) => {
      const became =
        options.afterUndo === undefined
          ? describeDone(results)
          : await takeBack(performed, options.afterUndo);
      interruption?.forget();
      throw failure(describeStep(step), error, became);
    });
    if (result.outcome === 'done' || result.outcome === 'would be done') changed = true;
    results.push(result);
    options.print(result);
  }
  for (const { settle } of performed) await settle?.();
  interruption?.forget();
  return results;
}

interface Interruption {
  readonly came: () => NodeJS.Signals | null;
  readonly forget: () => void;
}

/** A step that is half done is worse than one more: a signal is heeded between two of them. */
function catchInterruption(): Interruption {
  let signal: NodeJS.Signals | null = null;
  const takers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => ({
    name,
    take: (): void => {
      signal = name;
    },
  }));
  for (const { name, take } of takers) process.on(name, take);
  return {
    came: () => signal,
    forget: () => {
      for (const { name, take } of takers) process.off(name, take);
    },
  };
}

async function takeUninterrupted<T>(
  interruption: Interruption | null,
  take: () => Promise<T>,
): Promise<T> {
  const before = interruption?.came() ?? null;
  if (before !== null) throw interrupted(before);
  const result = await take();
  const since = interruption?.came() ?? null;
  if (since !== null) throw interrupted(since);
  return result;
}

const interrupted = (signal: NodeJS.Signals): AgentError =>
  new AgentError('INSTALL_FAILED', `ended by ${signal}`, 'Type the same again when you like.');

interface Taken extends Performed {
  readonly what: string;
}

async function takeStep(
  step: Step,
  changed: boolean,
  dryRun: boolean,
  performed: Taken[],
): Promise<StepResult> {
  const what = describeStep(step);
  try {
    const finding = await inspectStep(step, changed);
    if (finding.kind === 'done') return { what, outcome: 'already so', note: null };
    if (finding.kind === 'left') return { what, outcome: 'left out', note: finding.why };
    if (finding.kind === 'refused') {
      if (dryRun) return { what, outcome: 'would be refused', note: finding.why };
      throw refusal(finding);
    }
    if (dryRun) return { what, outcome: 'would be done', note: null };
    const taken = await performStep(step, changed);
    performed.push({ ...taken, what });
    await verifyStep(step);
    return { what, outcome: taken.did ? 'done' : 'already so', note: null };
  } catch (error) {
    if (step.kind === 'command' && step.lossWhenFailed !== null) {
      return { what, outcome: 'left out', note: `${step.lossWhenFailed} (${causeOf(error)})` };
    }
    throw error;
  }
}

/** Takes back what was done, the last first; what cannot be taken back is said. */
async function takeBack(performed: Taken[], afterUndo: () => Promise<void>): Promise<string> {
  const left: string[] = [];
  for (const { what, undo } of performed.reverse()) {
    await undo?.().catch((error: unknown) => left.push(`${what}: ${causeOf(error)}`));
  }
  await afterUndo().catch((error: unknown) => left.push(causeOf(error)));
  return left.length === 0
    ? 'everything is as it was before'
    : `not everything could be made as it was before: ${left.join('; ')}`;
}

function describeDone(results: readonly StepResult[]): string {
  const done = results.filter((result) => result.outcome === 'done').map(({ what }) => what);
  return done.length === 0
    ? 'nothing was changed before'
    : `done before: ${done.join('; ')}; typing the same again goes on from there`;
}

async function refuseForeign(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const finding = await inspectStep(step, false);
    if (finding.kind === 'refused') throw refusal(finding);
  }
}

const refusal = (finding: Extract<StepFinding, { kind: 'refused' }>): AgentError =>
  new AgentError('INSTALL_FAILED', finding.why, finding.remedy);

function failure(what: string, error: unknown, became: string): AgentError {
  const remedy =
    error instanceof AgentError ? error.remedy : 'Mend the cause and type the same again.';
  return new AgentError('INSTALL_FAILED', `${what}: ${causeOf(error)} (${became})`, remedy, error);
}

/** The first line of what went wrong: of a program, its own words. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AgentError) return error.message;
  if ('stderr' in error && typeof error.stderr === 'string' && error.stderr.trim() !== '') {
    return error.stderr.trim().split('\n')[0] ?? '';
  }
  return error.message.split('\n')[0] ?? '';
}
