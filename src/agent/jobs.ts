import { setTimeout as delay } from 'node:timers/promises';
import { createTask, validate, type ScheduledTask } from 'node-cron';
import type { JobView } from '../api/views.js';
import { formatTime } from '../api/views.js';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { JobRun } from '../store/types.js';

/** A piece of housekeeping. `run` resolves to a line that says what it did. */
export interface Job {
  readonly name: string;
  readonly description: string;
  /** Five cron fields, in local time. */
  readonly schedule: string;
  readonly run: () => Promise<string>;
}

export interface JobBoard {
  readonly start: () => void;
  readonly list: () => readonly JobView[];
  runNow(name: string): Promise<JobView>;
  readonly stop: () => Promise<void>;
}

export interface JobOutlets {
  readonly nowUs: () => number;
  readonly say: (text: string) => void;
  readonly record: (run: JobRun) => void;
  /** The last run of each job, from an earlier start. */
  readonly earlier: readonly JobRun[];
}

interface Posted {
  readonly job: Job;
  readonly task: ScheduledTask;
  last: JobRun | null;
  running: Promise<JobRun> | null;
  /** The work itself is under way: also after its time was over and it was counted as failed. */
  working: boolean;
}

/**
 * Runs each job at its time, never twice at once, and keeps what came of it. A job that fails or
 * hangs is reported and stops none of the others.
 */
export function createJobBoard(jobs: readonly Job[], outlets: JobOutlets): JobBoard {
  const posted = new Map<string, Posted>();
  for (const job of jobs) posted.set(job.name, postJob(job, outlets));
  const find = (name: string): Posted => {
    // The last word is enough where only one job ends with it: `expiry` for block_expiry.
    const ending = [...posted.keys()].filter((each) => each.endsWith(`_${name}`));
    const entry =
      posted.get(name) ?? (ending.length === 1 ? posted.get(ending[0] ?? '') : undefined);
    if (entry !== undefined) return entry;
    const names = [...posted.keys()].join(', ');
    throw new AgentError('NOT_FOUND', `there is no job ${name}`, `the jobs are: ${names}`);
  };
  return {
    start: () => {
      for (const { task } of posted.values()) void task.start();
    },
    list: () => [...posted.values()].map(viewOf),
    runNow: async (name) => {
      const entry = find(name);
      await runPosted(entry, outlets);
      return viewOf(entry);
    },
    stop: async () => {
      for (const { task } of posted.values()) await task.destroy();
      // What is under way may take minutes, and whoever stops the agent will not wait for that.
      const running = [...posted.values()].map((entry) => entry.running ?? Promise.resolve());
      await Promise.race([Promise.all(running), delay(LIMITS.jobStopMsMax, null, { ref: false })]);
    },
  };
}

function postJob(job: Job, outlets: JobOutlets): Posted {
  if (!validate(job.schedule)) throw new Error(`job ${job.name}: bad schedule ${job.schedule}`);
  const quiet = () => undefined;
  const task = createTask(job.schedule, () => runPosted(entry, outlets).then(quiet), {
    name: job.name,
    noOverlap: true,
    // Its own words would go to stdout; what matters is said by runPosted.
    logger: { info: quiet, warn: quiet, error: quiet, debug: quiet },
  });
  const last = outlets.earlier.find((run) => run.name === job.name) ?? null;
  const entry: Posted = { job, task, last, running: null, working: false };
  return entry;
}

/** A second call while the job is under way waits for the first and takes its result. */
function runPosted(entry: Posted, outlets: JobOutlets): Promise<JobRun> {
  entry.running ??= execute(entry, outlets).then((run) => {
    entry.last = run;
    entry.running = null;
    outlets.record(run);
    if (run.result === 'failed') outlets.say(`job ${run.name} failed: ${run.detail}`);
    return run;
  });
  return entry.running;
}

async function execute(entry: Posted, { nowUs }: JobOutlets): Promise<JobRun> {
  const { job } = entry;
  const startedAtUs = nowUs();
  const end = (result: JobRun['result'], detail: string): JobRun => ({
    name: job.name,
    startedAtUs,
    finishedAtUs: nowUs(),
    result,
    detail,
  });
  if (entry.working) return end('failed', 'the run before has not ended yet');
  entry.working = true;
  const work = Promise.resolve()
    .then(job.run)
    .finally(() => {
      entry.working = false;
    });
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const seconds = LIMITS.jobMsMax / 1000;
    timer = setTimeout(() => {
      reject(new Error(`not finished after ${seconds} s`));
    }, LIMITS.jobMsMax);
  });
  try {
    return end('ok', await Promise.race([work, limit]));
  } catch (error) {
    return end('failed', error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}

function viewOf({ job, task, last }: Posted): JobView {
  const next = task.getNextRun();
  return {
    name: job.name,
    description: job.description,
    schedule: job.schedule,
    next_run_at: next === null ? null : next.toISOString(),
    last_started_at: last === null ? null : formatTime(last.startedAtUs),
    last_finished_at: last === null ? null : formatTime(last.finishedAtUs),
    last_result: last?.result ?? null,
    last_detail: last?.detail ?? null,
  };
}
