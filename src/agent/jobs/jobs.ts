import { setTimeout as delay } from 'node:timers/promises';
import { createTask, validate, type ScheduledTask } from 'node-cron';
import type { JobView } from '../../api/views.js';
import { formatTime } from '../../api/views.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { JobRun } from '../../store/types.js';

/** A piece of housekeeping. `run` resolves to a line that says what it did. */
export interface Job {
  readonly name: string;
  readonly description: string;
  /** Five cron fields, in the time zone of the plan. */
  readonly schedule: string;
  /** The signal tells that the time is over, or that the agent stops: end soon then. */
  readonly run: (signal: AbortSignal) => Promise<string>;
}

/** What holds for all jobs. */
export interface JobPlan {
  /** IANA name; null: the zone of this host. */
  readonly timeZone: string | null;
  /** A scheduled run begins up to so many milliseconds late, by chance, so that hosts do not all at once. */
  readonly jitterMs: number;
  /** Milliseconds after which a run is stopped and counted as failed. */
  readonly timeLimitMs: number;
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
  readonly plan: JobPlan;
}

interface Posted {
  readonly job: Job;
  readonly task: ScheduledTask;
  last: JobRun | null;
  running: Promise<JobRun> | null;
  /** The work itself is under way: also after its time was over and it was counted as failed. */
  working: boolean;
  stop: AbortController | null;
  /** Failed runs since the last good one. */
  failures: number;
  retry: { readonly timer: NodeJS.Timeout; readonly atUs: number } | null;
}

interface Board extends JobOutlets {
  /** Only what is scheduled is tried again: a command is told of its failure. */
  started: boolean;
}

/**
 * Runs each job at its time, never twice at once, and keeps what came of it. A job that fails or
 * hangs is stopped, reported and tried again; it stops none of the others.
 */
export function createJobBoard(jobs: readonly Job[], outlets: JobOutlets): JobBoard {
  const board: Board = { ...outlets, started: false };
  const posted = new Map<string, Posted>();
  for (const job of jobs) posted.set(job.name, postJob(job, board));
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
      board.started = true;
      for (const { task } of posted.values()) void task.start();
    },
    list: () => [...posted.values()].map(viewOf),
    runNow: async (name) => {
      const entry = find(name);
      await runPosted(entry, board);
      return viewOf(entry);
    },
    stop: async () => {
      board.started = false;
      for (const entry of posted.values()) {
        await entry.task.destroy();
        clearRetry(entry);
        entry.stop?.abort();
      }
      // What is under way may take minutes, and whoever stops the agent will not wait for that.
      const running = [...posted.values()].map((entry) => entry.running ?? Promise.resolve());
      await Promise.race([Promise.all(running), delay(LIMITS.jobStopMsMax, null, { ref: false })]);
    },
  };
}

function postJob(job: Job, board: Board): Posted {
  if (!validate(job.schedule)) throw new Error(`job ${job.name}: bad schedule ${job.schedule}`);
  const { timeZone, jitterMs } = board.plan;
  const quiet = () => undefined;
  const task = createTask(job.schedule, () => runPosted(entry, board).then(quiet), {
    name: job.name,
    noOverlap: true,
    // Its own words would go to stdout; what matters is said by runPosted.
    logger: { info: quiet, warn: quiet, error: quiet, debug: quiet },
    ...(timeZone !== null && { timezone: timeZone }),
    ...(jitterMs > 0 && { maxRandomDelay: jitterMs }),
  });
  const last = board.earlier.find((run) => run.name === job.name) ?? null;
  const idle = { running: null, working: false, stop: null, failures: 0, retry: null };
  const entry: Posted = { job, task, last, ...idle };
  return entry;
}

/** A second call while the job is under way waits for the first and takes its result. */
function runPosted(entry: Posted, board: Board): Promise<JobRun> {
  entry.running ??= execute(entry, board).then((run) => {
    entry.last = run;
    entry.running = null;
    board.record(run);
    clearRetry(entry);
    if (run.result === 'ok') entry.failures = 0;
    else tryAgain(entry, board, run);
    return run;
  });
  return entry.running;
}

/** Says that it failed, and runs it once more after a while; a good run in between makes an end. */
function tryAgain(entry: Posted, board: Board, run: JobRun): void {
  entry.failures += 1;
  const waitMs = LIMITS.jobRetryMs * 5 ** (entry.failures - 1);
  const again = board.started && entry.failures <= LIMITS.jobRetriesMax;
  const when = again ? `; tried again in ${waitMs / 1_000} s` : '';
  board.say(`job ${run.name} failed: ${run.detail}${when}`);
  if (!again) return;
  const timer = setTimeout(() => void runPosted(entry, board), waitMs);
  timer.unref();
  entry.retry = { timer, atUs: board.nowUs() + waitMs * 1_000 };
}

function clearRetry(entry: Posted): void {
  if (entry.retry !== null) clearTimeout(entry.retry.timer);
  entry.retry = null;
}

async function execute(entry: Posted, { nowUs, plan }: Board): Promise<JobRun> {
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
  const stop = new AbortController();
  entry.stop = stop;
  const work = Promise.resolve()
    .then(() => job.run(stop.signal))
    .finally(() => {
      entry.working = false;
    });
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`stopped: not finished after ${plan.timeLimitMs / 1_000} s`));
      stop.abort();
    }, plan.timeLimitMs);
  });
  try {
    return end('ok', await Promise.race([work, limit]));
  } catch (error) {
    return end('failed', messageOf(error));
  } finally {
    clearTimeout(timer);
    entry.stop = null;
  }
}

function viewOf({ job, task, last, running, failures, retry }: Posted): JobView {
  const next = task.getNextRun();
  return {
    name: job.name,
    description: job.description,
    schedule: job.schedule,
    running: running !== null,
    next_run_at: next === null ? null : next.toISOString(),
    retry_at: retry === null ? null : formatTime(retry.atUs),
    failures,
    last_started_at: last === null ? null : formatTime(last.startedAtUs),
    last_finished_at: last === null ? null : formatTime(last.finishedAtUs),
    last_result: last?.result ?? null,
    last_detail: last?.detail ?? null,
  };
}
