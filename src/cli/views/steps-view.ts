import type { StepResult } from '../../agent/install/run-steps.js';

export interface StepsView {
  readonly steps: readonly StepResult[];
  readonly dry_run: boolean;
  /** true: something was changed, or would be. */
  readonly changed: boolean;
}

export const viewSteps = (steps: readonly StepResult[], dryRun: boolean): StepsView => ({
  steps,
  dry_run: dryRun,
  changed: steps.some(({ outcome }) => outcome === 'done' || outcome === 'would be done'),
});

const OUTCOME_WIDTH = 'would be refused'.length;

export function renderStep({ what, outcome, note }: StepResult): string {
  return `${outcome.padEnd(OUTCOME_WIDTH)}  ${what}${note === null ? '' : `: ${note}`}`;
}
