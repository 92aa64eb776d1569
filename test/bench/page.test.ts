import { describe, expect, it } from 'vitest';
import { load } from '../scripts/load-script.js';
import type { Figure, History, Run } from './history.js';

const { renderPage } = await load<{ renderPage: (all: readonly History[]) => string }>(
  'bench/parts/page.js',
);
type Maker = (name: string, value: number, unit: string, goal: number, by?: string) => Figure;
const { atMost, atLeast, isMet } = await load<{
  atMost: Maker;
  atLeast: Maker;
  isMet: (figure: Figure) => boolean | null;
}>('bench/parts/figures.js');

const MACHINE = { cores: 2, memoryGib: 24, kernel: '6.1', node: '20.19.0', load: 0.1 };

const runOf = (figures: readonly Figure[], yardstick: number | null = null): Run => ({
  date: '2026-11-01',
  commit: 'abcdef012',
  source: 'run',
  options: '',
  machine: MACHINE,
  figures,
  yardsticks: yardstick === null ? [] : [{ name: 'bare', value: yardstick, unit: 'ms' }],
});

/** The cells of the first figure of a page of these runs. */
function rowOf(runs: readonly Run[]): string[] {
  const page = renderPage([{ bench: 'made', about: 'what', runs }]);
  const line = page.split('\n').find((each) => each.startsWith('| took '));
  return (line ?? '').split('|').map((cell) => cell.trim());
}

const times = (...values: readonly number[]) =>
  values.map((value) => runOf([atMost('took', value, 'ms', 10)]));
const rates = (...values: readonly number[]) =>
  values.map((value) => runOf([atLeast('took', value, '/s', 10)]));
const beside = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([value, yardstick]) => runOf([atMost('took', value, 'ms', 10, 'bare')], yardstick));

describe('the page of benchmarks', () => {
  it('shows goal, last, date, median of the last five, trend and number of runs', () => {
    const cells = rowOf(times(100, 1, 2, 3, 4, 5));
    expect(cells.slice(1, -1)).toEqual([
      'took',
      'at most 10 ms',
      '5 ms',
      '2026-11-01',
      '3 ms',
      'worse, 67 %',
      '6',
    ]);
  });

  it.each([
    ['the first run', times(5), 'first run'],
    ['a change within the noise', times(5, 5, 5.9), 'steady'],
    ['less time', times(5, 2), 'better, 60 %'],
    ['more time', times(2, 5), 'worse, 150 %'],
    ['a higher rate', rates(20, 40), 'better, 100 %'],
    ['a lower rate', rates(40, 20), 'worse, 50 %'],
    ['a fault where there was none', times(0, 0, 1), 'worse, from 0'],
    ['twice the time on a machine half as fast', beside([2, 1], [4, 2]), 'steady'],
    ['the same time on a machine twice as fast', beside([2, 2], [2, 1]), 'worse, 100 %'],
    ['what could not be measured', times(1, NaN), 'unknown'],
  ])('tells the trend of %s', (_what, runs, trend) => {
    expect(rowOf(runs)[6]).toBe(trend);
  });

  it.each([
    ['met', times(10), '10 ms'],
    ['missed', times(10.1), '**10.1 ms**'],
    ['not measured', times(Infinity), '**none**'],
  ])('shows a goal that was %s', (_what, runs, cell) => {
    expect(rowOf(runs)[3]).toBe(cell);
  });

  it('shows what the last run did not measure', () => {
    const other = runOf([atMost('else', 1, 'ms', 10)]);
    expect(rowOf([...times(7), other])[3]).toBe('7 ms');
  });
});

it.each([
  [atMost('a', 1, 'ms', 1), true],
  [atMost('a', 1.01, 'ms', 1), false],
  [atLeast('a', 1, '/s', 1), true],
  [atLeast('a', 0.9, '/s', 1), false],
  [atLeast('a', NaN, '/s', 1), false],
] as const)('knows whether %j is met', (figure, met) => {
  expect(isMet(figure)).toBe(met);
});
