import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSeconds, writeSeconds } from '../../../src/core/common/duration.js';

describe('a duration in seconds', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['4h', 14_400],
    ['7d', 604_800],
    ['0s', 0],
    ['', null],
    ['90', null],
    ['1.5h', null],
    ['-1s', null],
    ['1h30m', null],
    ['1w', null],
    ['10ms', null],
    ['1 h', null],
    ['1H', null],
    ['12345678901s', null],
  ])('reads %j as %j', (text, seconds) => {
    expect(readSeconds(text)).toBe(seconds);
  });

  it.each([
    [604_800, '7d'],
    [90_000, '25h'],
    [90, '90s'],
    [60, '1m'],
    [0, '0s'],
  ])('writes %j as %j', (seconds, text) => {
    expect(writeSeconds(seconds)).toBe(text);
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), (seconds) => readSeconds(writeSeconds(seconds)) === seconds),
    );
  });
});
