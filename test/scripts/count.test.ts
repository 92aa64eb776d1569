import { describe, expect, it } from 'vitest';
import { load } from './load-script.js';

interface Result {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}
const { countVitest, judgeCruise, slowestFiles, sumUp } = await load<{
  slowestFiles: (text: string | null, count: number) => string[];
  countVitest: (text: string | null, ok: boolean) => Result[];
  judgeCruise: (stdout: string, output: string) => string | null;
  sumUp: (results: readonly Result[], inCi: boolean) => { ok: boolean; lines: string[] };
}>('scripts/test/count.js');

const result = (outcome: Result['outcome'], name = 'a'): Result => ({ name, outcome });

describe('the last line', () => {
  it.each([
    ['passes', ['passed', 'passed'], false, true, '2 passed, 0 failed'],
    [
      'passes with some left out',
      ['passed', 'skipped'],
      false,
      true,
      '1 passed, 0 failed, 1 skipped',
    ],
    [
      'fails with some left out in CI',
      ['passed', 'skipped'],
      true,
      false,
      '1 passed, 0 failed, 1 skipped',
    ],
    ['fails', ['passed', 'failed'], false, false, '1 passed, 1 failed'],
    ['fails when nothing ran', [], false, false, '0 passed, 0 failed'],
  ] as const)('%s', (_name, outcomes, inCi, ok, last) => {
    const summary = sumUp(
      outcomes.map((outcome) => result(outcome)),
      inCi,
    );
    expect(summary.ok).toBe(ok);
    expect(summary.lines.at(-1)).toBe(last);
  });

  it('comes after the names of what failed and what was left out', () => {
    const { lines } = sumUp([result('failed', 'x'), result('skipped', 'y')], true);
    expect(lines).toContain('failed:  x');
    expect(lines).toContain('skipped: y');
  });
});

describe('the count of vitest', () => {
  const report = (status: string, tests: readonly string[]) =>
    JSON.stringify({
      testResults: [
        {
          name: 'f.test.ts',
          status,
          assertionResults: tests.map((each) => ({ fullName: each, status: each })),
        },
      ],
    });
  const outcomes = (text: string | null, ok: boolean) =>
    countVitest(text, ok).map((each) => each.outcome);

  it.each([
    [
      'counts each test',
      report('failed', ['passed', 'failed', 'pending', 'todo']),
      false,
      ['passed', 'failed', 'skipped', 'skipped'],
    ],
    ['takes a file that did not load for a failure', report('failed', []), false, ['failed']],
    [
      'takes a failure outside of tests for one',
      report('passed', ['passed']),
      false,
      ['passed', 'failed'],
    ],
    ['takes a missing report for a failure', null, true, ['failed']],
  ])('%s', (_name, text, ok, expected) => {
    expect(outcomes(text, ok)).toEqual(expected);
  });
});

describe('the import rules', () => {
  const summary = (totalCruised: number, severities: readonly string[]) =>
    JSON.stringify({
      summary: {
        totalCruised,
        violations: severities.map((severity) => ({
          rule: { name: 'r', severity },
          from: 'src/a.ts',
          to: 'src/b.ts',
        })),
      },
    });
  it.each([
    ['hold', summary(5, ['warn']), null],
    ['are broken', summary(5, ['error']), 'r: src/a.ts → src/b.ts'],
    ['were applied to nothing', summary(0, []), 'no module was looked at'],
    ['could not be applied', 'Error: no such file', 'all that was printed'],
  ])('%s', (_name, stdout, expected) => {
    expect(judgeCruise(stdout, 'all that was printed')).toBe(expected);
  });
});

it('names the files that took longest', () => {
  const testResults = [
    { name: 'quick.test.ts', startTime: 0, endTime: 10 },
    { name: 'slow.test.ts', startTime: 5, endTime: 65_005 },
    { name: 'middle.test.ts', startTime: 0, endTime: 1_000 },
  ];
  expect(slowestFiles(JSON.stringify({ testResults }), 2)).toEqual([
    '   65.0 s  slow.test.ts',
    '    1.0 s  middle.test.ts',
  ]);
  expect(slowestFiles(null, 2)).toEqual([]);
});
