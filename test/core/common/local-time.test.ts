import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLocalTimeReader, isTimeZone } from '../../../src/core/common/local-time.js';

/** What a reader of a zone makes of times in their order, in ISO to the microsecond. */
function readAll(zone: string, times: readonly string[]) {
  const reader = createLocalTimeReader(zone);
  const read = times.map((time) => {
    const us = reader.read(time);
    if (us === null) return null;
    const micros = String(us % 1_000_000).padStart(6, '0');
    return `${new Date(Math.floor(us / 1_000)).toISOString().slice(0, 19)}.${micros}`;
  });
  return { read, counts: reader.counts };
}

describe('a local time of SentryPeer', () => {
  it.each([
    // %06ld of nanoseconds, as every version in C writes it.
    ['UTC', '2026-01-05 10:00:00.5000123', '2026-01-05T10:00:00.005000'],
    ['UTC', '2026-01-05 10:00:00.000045', '2026-01-05T10:00:00.000000'],
    ['UTC', '2026-01-05 10:00:00.045000', '2026-01-05T10:00:00.000045'],
    ['UTC', '2026-01-05 10:00:00.999999999', '2026-01-05T10:00:00.999999'],
    ['America/New_York', '2026-01-05 10:00:00.100000000', '2026-01-05T15:00:00.100000'],
    ['America/New_York', '2026-07-05 10:00:00.100000000', '2026-07-05T14:00:00.100000'],
    ['Asia/Kathmandu', '2026-01-05 10:00:00.100000000', '2026-01-05T04:15:00.100000'],
    ['Pacific/Kiritimati', '2026-01-05 10:00:00.100000000', '2026-01-04T20:00:00.100000'],
    // Of its part in Rust, which writes UTC without a fraction.
    ['America/New_York', '2026-01-05 10:00:00', '2026-01-05T10:00:00.000000'],
    ['America/New_York', '2026-01-05T10:00:00.25Z', '2026-01-05T10:00:00.250000'],
    ['UTC', '2026-01-05 10:00:00.5', '2026-01-05T10:00:00.500000'],
    ['UTC', '2026-13-05 10:00:00.000000', null],
    ['UTC', '1969-12-31 23:59:59.000000', null],
    ['UTC', 'yesterday', null],
  ])('in %s: %s', (zone, text, iso) => {
    expect(readAll(zone, [text]).read).toEqual([iso]);
  });

  it('of the hour that the clock showed twice is told by its order', () => {
    const times = ['02:10:00', '02:59:59', '02:59:58', '02:00:01', '02:30:00', '03:00:00'];
    const { read, counts } = readAll(
      'Europe/Berlin',
      times.map((time) => `2026-10-25 ${time}.000000`),
    );
    expect(read.map((each) => each?.slice(11, 19))).toEqual([
      '00:10:00',
      '00:59:59',
      '00:59:58',
      '01:00:01',
      '01:30:00',
      '02:00:00',
    ]);
    expect(counts).toEqual({ read: 6, twice: 5, skipped: 0 });
  });

  it('of the hour that the clock left out is counted on from before', () => {
    const { read, counts } = readAll('Europe/Berlin', ['2026-03-29 02:30:00.000000']);
    expect(read).toEqual(['2026-03-29T01:30:00.000000']);
    expect(counts).toEqual({ read: 1, twice: 0, skipped: 1 });
  });

  it('comes back as it was written, in every zone and at every change of a clock', () => {
    const zones = [
      'Europe/London',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    ];
    const fromMs = Date.parse('2021-01-01');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 400_000 }).map((n) => fromMs + n * 450_000),
        (zone, ms) => {
          const local = new Date(ms).toLocaleString('sv-SE', { timeZone: zone });
          const us = createLocalTimeReader(zone).read(`${local}.000000`);
          const again = new Date((us ?? 0) / 1_000).toLocaleString('sv-SE', { timeZone: zone });
          expect(again).toBe(local);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is of a zone that is known', () => {
    expect(['Europe/Berlin', 'UTC'].map(isTimeZone)).toEqual([true, true]);
    expect(['Mars/Olympus', '', '../etc'].map(isTimeZone)).toEqual([false, false, false]);
  });
});
