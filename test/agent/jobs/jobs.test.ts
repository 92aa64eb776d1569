import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createJobBoard,
  type Job,
  type JobBoard,
  type JobPlan,
} from '../../../src/agent/jobs/jobs.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { JobRun } from '../../../src/store/types.js';

const TIME_LIMIT_MS = 600_000;

describe('the job board', () => {
  let said: string[];
  let recorded: JobRun[];
  let board: JobBoard | null;

  beforeEach(() => {
    said = [];
    recorded = [];
    board = null;
  });

  afterEach(async () => {
    vi.useRealTimers();
    await board?.stop();
  });

  function post(
    jobs: Partial<Job>[],
    earlier: JobRun[] = [],
    plan: Partial<JobPlan> = {},
  ): JobBoard {
    const whole = jobs.map((job, index) => ({
      name: `job${index}`,
      description: 'does something',
      schedule: '* * * * *',
      run: () => Promise.resolve('done'),
      ...job,
    }));
    board = createJobBoard(whole, {
      nowUs: () => 1_800_000_000_000_000,
      say: (text) => said.push(text),
      record: (run) => recorded.push(run),
      earlier,
      plan: { timeZone: null, jitterMs: 0, timeLimitMs: TIME_LIMIT_MS, ...plan },
    });
    return board;
  }

  it('runs a job and keeps what came of it', async () => {
    const view = await post([{}]).runNow('job0');
    expect(view).toMatchObject({ name: 'job0', last_result: 'ok', last_detail: 'done' });
    expect(recorded).toMatchObject([{ name: 'job0', result: 'ok' }]);
    expect(said).toEqual([]);
  });

  it('reports a job that fails and runs the others', async () => {
    const jobs = post([{ run: () => Promise.reject(new Error('disk full')) }, {}]);
    expect(await jobs.runNow('job0')).toMatchObject({
      last_result: 'failed',
      last_detail: 'disk full',
    });
    expect(await jobs.runNow('job1')).toMatchObject({ last_result: 'ok' });
    expect(said).toEqual(['job job0 failed: disk full']);
  });

  it('gives up a job that hangs', async () => {
    vi.useFakeTimers();
    const jobs = post([{ run: () => new Promise(() => undefined) }]);
    const running = jobs.runNow('job0');
    await vi.advanceTimersByTimeAsync(TIME_LIMIT_MS);
    expect(await running).toMatchObject({ last_result: 'failed' });
    expect(said[0]).toContain('not finished after');
    // Its work may still be going on: a second one beside it is never begun.
    expect(await jobs.runNow('job0')).toMatchObject({
      last_detail: 'the run before has not ended yet',
    });
  });

  it('never runs a job twice at once', async () => {
    let runs = 0;
    const jobs = post([
      {
        run: () => {
          runs += 1;
          return Promise.resolve('');
        },
      },
    ]);
    await Promise.all([jobs.runNow('job0'), jobs.runNow('job0')]);
    expect(runs).toBe(1);
  });

  it('stops a job whose time is over', async () => {
    vi.useFakeTimers();
    const jobs = post([
      {
        run: (signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('ended'));
            });
          }),
      },
    ]);
    const running = jobs.runNow('job0');
    expect(jobs.list()[0]?.running).toBe(true);
    await vi.advanceTimersByTimeAsync(TIME_LIMIT_MS);
    expect(await running).toMatchObject({ last_result: 'failed', running: false });
    // It has ended, so that it may begin again.
    const again = jobs.runNow('job0');
    await vi.advanceTimersByTimeAsync(TIME_LIMIT_MS);
    expect((await again).last_detail).toContain('not finished after');
  });

  it('tries a failed job again, later each time, until it works', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let runs = 0;
    const run = () => {
      runs += 1;
      return runs < 3 ? Promise.reject(new Error('no')) : Promise.resolve('at last');
    };
    const jobs = post([{ run, schedule: '0 0 1 1 *' }]);
    jobs.start();
    expect(await jobs.runNow('job0')).toMatchObject({ failures: 1 });
    expect(jobs.list()[0]?.retry_at).not.toBeNull();
    expect(said[0]).toBe('job job0 failed: no; tried again in 60 s');
    await vi.advanceTimersByTimeAsync(LIMITS.jobRetryMs);
    expect(runs).toBe(2);
    await vi.advanceTimersByTimeAsync(LIMITS.jobRetryMs * 5);
    expect(jobs.list()).toMatchObject([
      { last_detail: 'at last', failures: 0, retry_at: null, last_result: 'ok' },
    ]);
  });

  it('plans its runs in the time zone that is asked for', () => {
    const next = (timeZone: string) => {
      const jobs = post([{ schedule: '0 12 * * *' }], [], { timeZone });
      jobs.start();
      return new Date(jobs.list()[0]?.next_run_at ?? '').getUTCHours();
    };
    expect(next('UTC')).toBe(12);
    expect(next('Asia/Tokyo')).toBe(3);
  });

  it('does not let a long job keep the agent from stopping', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const jobs = post([{ run: () => new Promise(() => undefined) }]);
    void jobs.runNow('job0');
    await jobs.stop();
    expect(recorded).toEqual([]);
  }, 10_000);

  it('shows the result of an earlier start, and the next run once started', () => {
    const run = { startedAtUs: 1, finishedAtUs: 2, result: 'ok', detail: 'then' } as const;
    const jobs = post([{}], [{ name: 'job0', ...run }]);
    expect(jobs.list()).toMatchObject([{ last_detail: 'then', next_run_at: null }]);
    jobs.start();
    expect(Date.parse(jobs.list()[0]?.next_run_at ?? '')).toBeGreaterThan(Date.now());
  });

  it('takes the last word of a name where only one job ends with it', async () => {
    const jobs = [{ name: 'block_expiry' }, { name: 'a_check' }, { name: 'b_check' }];
    expect(await post(jobs).runNow('expiry')).toMatchObject({ name: 'block_expiry' });
    await expect(post(jobs).runNow('check')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('names the jobs there are when one is not known', async () => {
    await expect(post([{}, {}]).runNow('jop0')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      remedy: 'the jobs are: job0, job1',
    });
  });
});
