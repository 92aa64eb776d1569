import { describe, expect, it } from 'vitest';
import { bar, chartStyle, sparkline } from '../../../src/cli/text/chart.js';

describe('chartStyle', () => {
  it.each([
    [true, { LANG: 'C.UTF-8' }, 'blocks'],
    [true, { LC_ALL: 'de_DE.utf8' }, 'blocks'],
    [true, { LC_ALL: 'C', LANG: 'C.UTF-8' }, 'ascii'],
    [true, {}, 'ascii'],
    [false, { LANG: 'C.UTF-8' }, 'ascii'],
  ] as const)('terminal %s, %j: %s', (isTerminal, env, expected) => {
    expect(chartStyle(isTerminal, env)).toBe(expected);
  });
});

describe('sparkline', () => {
  it('is as high as the share of the highest, and shows what is not zero', () => {
    expect(sparkline([0, 1, 50, 100], 'ascii')).toBe(' .=@');
    expect(sparkline([0, 1, 50, 100], 'blocks')).toBe(' ▁▄█');
    expect(sparkline([0, 0], 'ascii')).toBe('  ');
  });
});

describe('bar', () => {
  it('is as long as its share, and nothing of nothing', () => {
    expect(bar(10, 10, 'ascii')).toHaveLength(20);
    expect(bar(5, 10, 'ascii')).toBe('##########');
    expect(bar(0, 0, 'blocks')).toBe('');
  });
});
