import { LIMITS } from '../../core/common/limits.js';
import type { LogReport } from '../../core/model/log-report.js';

/** Asterisk writes both lines of one request within milliseconds. */
const KEPT_US = 10_000_000;

/**
 * Says of each report of a log whether another grammar's line told the same before: Asterisk's channels
 * `security` and `notice` may go into one file, and both tell of a failure. Each line of one grammar answers
 * for one of the other; lines without Call-ID or port are never the same.
 */
export function createToldTwice(): (report: LogReport) => boolean {
  let young = new Map<string, Map<string, number>>();
  let old: typeof young = new Map();
  let sinceUs = 0;
  return ({ atUs, source, callId, outcome, grammar }) => {
    if (callId === null || source.port === 0) return false;
    const gapUs = Math.abs(atUs - sinceUs);
    if (gapUs > KEPT_US || young.size >= LIMITS.pbxToldTwiceMax) {
      old = gapUs > 2 * KEPT_US ? new Map<string, Map<string, number>>() : young;
      young = new Map();
      sinceUs = atUs;
    }
    const key = `${outcome} ${source.address} ${source.port} ${callId}`;
    const times = young.get(key) ?? old.get(key) ?? new Map<string, number>();
    young.set(key, times);
    const name = grammar.slice(0, grammar.indexOf('/'));
    const mine = (times.get(name) ?? 0) + 1;
    times.set(name, mine);
    return [...times].some(([other, theirs]) => other !== name && theirs >= mine);
  };
}
