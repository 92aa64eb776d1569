import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createJobBoard, type Job, type JobBoard } from '../../src/agent/jobs.js';
import { LIMITS } from '../../src/core/model/limits.js';
import type { JobRun } from '../../src/store/types.js';

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

  function post(jobs: Partial<Job>[], earlier: JobRun[] = []): JobBoard {
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
    await vi.advanceTimersByTimeAsync(LIMITS.jobMsMax);
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
