import { describe, expect, it } from 'vitest';
import { programName } from '../../../src/cli/views/banner.js';
import { readDuration } from '../../../src/core/common/read-duration.js';
import { timeLeft } from '../../../src/core/common/time-words.js';
import { formatDuration } from '../../../src/core/common/duration.js';
import { makeUuid } from '../../../src/core/common/uuid.js';
import { quoteText } from '../../../src/core/common/text.js';

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [59.6, '1m'],
    [600, '10m'],
    [5400, '1h 30m'],
    [90_061, '1d 1h'],
    [2_592_000, '30d'],
    [-5, '0s'],
  ])('%d s is %s', (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected);
  });
});

describe('readDuration', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['4h', 14_400],
    ['7d', 604_800],
    ['forever', null],
  ])('%s', (text, expected) => {
    expect(readDuration(text, '--for')).toBe(expected);
  });

  it.each(['', '0s', '10', 'm', '1.5h', '-1h', '4000d', '9999999999999d'])('refuses %j', (text) => {
    expect(() => readDuration(text, '--for')).toThrow(/--for .*: that is no duration/);
  });
});

describe('timeLeft', () => {
  it.each([
    [null, 'no end'],
    ['2026-01-01T00:00:10.000000Z', '10s'],
    ['2025-12-31T23:59:59.000000Z', 'ended'],
  ])('%s', (iso, expected) => {
    expect(timeLeft(iso, Date.parse('2026-01-01T00:00:00Z'))).toBe(expected);
  });
});

describe('programName', () => {
  it.each([
    ['/srv/agent/bin/run.js', '/srv/agent', 'bin/run.js'],
    ['/srv/agent/bin/run.js', '/home/me', '/srv/agent/bin/run.js'],
    ['/usr/local/bin/sentrypeer-agent', '/home/me', 'sentrypeer-agent'],
    ['/usr/lib/sentrypeer-agent/bin/run.js', '/home/me', 'sentrypeer-agent'],
  ])('%s in %s', (script, cwd, expected) => {
    expect(programName(script, cwd)).toBe(expected);
  });
});

describe('quoteText', () => {
  it.each([
    ['plain 100%', 'plain 100%'],
    ['a\r\nb', 'a\\x0d\\x0ab'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['back\\slash', 'back\\x5cslash'],
    ['\xe9', '\\xe9'],
    ['\u202e', '\\u202e'],
  ])('%j', (text, expected) => {
    expect(quoteText(text)).toBe(expected);
  });

  it('cuts what is long, and says so', () => {
    expect(quoteText('x'.repeat(50), 10)).toBe(`${'x'.repeat(10)}…`);
  });
});

describe('makeUuid', () => {
  it('is a version 7 UUID of the time, and unique by its number', () => {
    const uuid = makeUuid(1_800_000_000_123_456, 0x3fffffff, 1);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)).toBe(1_800_000_000_123);
    expect(makeUuid(1_800_000_000_123_456, 0x3fffffff, 2)).not.toBe(uuid);
  });
});
