import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import { ALERT_KINDS, type NoticeKind } from '../../src/core/model/notice.js';
import {
  createAlertState,
  noteHappening,
  settleAlerts,
  type AlertPolicy,
} from '../../src/outbox/alerts/gather.js';

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;
const POLICY: AlertPolicy = {
  kinds: new Set<NoticeKind>(ALERT_KINDS),
  quietUs: 10 * MINUTE_US,
  perHourMax: 3,
};
let made = 0;
const makeId = (): string => String((made += 1));
const at = (kind: NoticeKind, atUs: number, line = 'x') => ({ kind, atUs, line });

describe('what is told', () => {
  it('is the first of a kind at once, and what follows together when the quiet time is over', () => {
    const state = createAlertState();
    const first = noteHappening(state, POLICY, at('block', 0, 'one'), makeId);
    expect(first).toMatchObject({ title: 'A source was blocked', lines: ['one'], count: 1 });
    expect(noteHappening(state, POLICY, at('block', MINUTE_US, 'two'), makeId)).toBeNull();
    expect(noteHappening(state, POLICY, at('block', 2 * MINUTE_US, 'three'), makeId)).toBeNull();
    expect(settleAlerts(state, POLICY, 9 * MINUTE_US, makeId)).toEqual([]);
    expect(settleAlerts(state, POLICY, 10 * MINUTE_US, makeId)).toMatchObject([
      { title: '2 sources were blocked', lines: ['two', 'three'], count: 2 },
    ]);
    expect(settleAlerts(state, POLICY, 30 * MINUTE_US, makeId)).toEqual([]);
  });

  it('is nothing of a kind that nobody wants', () => {
    const policy = { ...POLICY, kinds: new Set<NoticeKind>(['disk']) };
    const state = createAlertState();
    expect(noteHappening(state, policy, at('block', 0), makeId)).toBeNull();
    expect(noteHappening(state, policy, at('disk', 0), makeId)).not.toBeNull();
  });

  it('is bounded in lines and in their length', () => {
    const state = createAlertState();
    noteHappening(state, POLICY, at('block', 0), makeId);
    for (let number = 0; number < 1_000; number += 1)
      noteHappening(state, POLICY, at('block', 1, 'y'.repeat(10_000)), makeId);
    const [digest] = settleAlerts(state, POLICY, HOUR_US, makeId);
    expect(digest?.count).toBe(1_000);
    expect(digest?.lines).toHaveLength(LIMITS.noticeLinesMax);
    expect(digest?.lines[0]).toHaveLength(LIMITS.noticeLineCharsMax);
  });

  it('is never more than so many in any hour, and loses no count', () => {
    const happenings = fc.array(
      fc.record({
        kind: fc.constantFrom(...ALERT_KINDS),
        afterUs: fc.integer({ min: 0, max: 20 * MINUTE_US }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(happenings, (all) => {
        const state = createAlertState();
        const told: { atUs: number; count: number }[] = [];
        let nowUs = 0;
        for (const { kind, afterUs } of all) {
          nowUs += afterUs;
          told.push(...settleAlerts(state, POLICY, nowUs, makeId));
          const notice = noteHappening(state, POLICY, at(kind, nowUs), makeId);
          if (notice !== null) told.push(notice);
        }
        for (const { atUs } of told) {
          const hour = told.filter((each) => each.atUs >= atUs && each.atUs < atUs + HOUR_US);
          expect(hour.length).toBeLessThanOrEqual(POLICY.perHourMax);
        }
        for (let more = 0; more < 20; more += 1) {
          nowUs += HOUR_US;
          told.push(...settleAlerts(state, POLICY, nowUs, makeId));
        }
        expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
      }),
    );
  });
});
