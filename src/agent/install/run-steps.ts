import { AgentError } from '../../core/model/errors.js';
import { inspectStep, type Finding } from './inspect.js';
import { performStep } from './perform.js';
import { describeStep, type Step } from './steps.js';

export type Outcome = 'done' | 'already so' | 'would be done' | 'would be refused' | 'left out';

export interface StepResult {
  readonly what: string;
  readonly outcome: Outcome;
  /** Why it would be refused, or what is lost by leaving it out; null otherwise. */
  readonly note: string | null;
}

export interface RunOptions {
  /** true: look and tell, and change nothing. */
  readonly dryRun: boolean;
  /** Gets each result as soon as it is known. */
  readonly print: (result: StepResult) => void;
}

/**
 * Takes the steps in order. All are looked at before the first is taken, so that what belongs to
 * somebody else is refused while nothing is half-made. Rejects with AgentError INSTALL_FAILED,
 * which says what had been done before the failure; typing the same again goes on from there.
 */
export async function runSteps(
  steps: readonly Step[],
  options: RunOptions,
): Promise<readonly StepResult[]> {
  if (!options.dryRun) await refuseForeign(steps);
  const results: StepResult[] = [];
  let changed = false;
  for (const step of steps) {
    const result = await takeStep(step, changed, options.dryRun, results);
    if (result.outcome === 'done' || result.outcome === 'would be done') changed = true;
    results.push(result);
    options.print(result);
  }
  return results;
}

async function takeStep(
  step: Step,
  changed: boolean,
  dryRun: boolean,
  before: readonly StepResult[],
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
    const did = await performStep(step);
    return { what, outcome: did ? 'done' : 'already so', note: null };
  } catch (error) {
    if (step.kind === 'command' && step.lossWhenFailed !== null) {
      return { what, outcome: 'left out', note: `${step.lossWhenFailed} (${causeOf(error)})` };
    }
    throw failure(what, error, before);
  }
}

async function refuseForeign(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const finding = await inspectStep(step, false);
    if (finding.kind === 'refused') throw refusal(finding);
  }
}

const refusal = (finding: Extract<Finding, { kind: 'refused' }>): AgentError =>
  new AgentError('INSTALL_FAILED', finding.why, finding.remedy);

function failure(what: string, error: unknown, before: readonly StepResult[]): AgentError {
  const done = before.filter((result) => result.outcome === 'done').map((result) => result.what);
  const soFar =
    done.length === 0 ? 'nothing was changed before' : `done before: ${done.join('; ')}`;
  const remedy =
    error instanceof AgentError ? error.remedy : 'Mend the cause and type the same again.';
  return new AgentError(
    'INSTALL_FAILED',
    `${what}: ${causeOf(error)} (${soFar})`,
    `${remedy} What is done is not done twice.`,
    error,
  );
}

/** The first line of what went wrong: of a program, its own words. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('stderr' in error && typeof error.stderr === 'string' && error.stderr.trim() !== '') {
    return error.stderr.trim().split('\n')[0] ?? '';
  }
  return error.message.split('\n')[0] ?? '';
}
