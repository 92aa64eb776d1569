import { LIMITS } from '../../core/common/limits.js';
import { IMPORTANCE_OF, type Notice, type NoticeKind } from '../../core/model/notice.js';

/** One thing that happened, as a line for a person. Packet text in it is quoted. */
export interface Happening {
  readonly kind: NoticeKind;
  readonly atUs: number;
  readonly line: string;
}

export interface AlertPolicy {
  /** What is told at all. */
  readonly kinds: ReadonlySet<NoticeKind>;
  /** After a notice of one kind, what happens of that kind is gathered for so long. */
  readonly quietUs: number;
  /** Notices in any hour. */
  readonly perHourMax: number;
}

interface Gathered {
  quietUntilUs: number;
  lines: string[];
  count: number;
}

/** What was not told yet, and when notices went out within the last hour. */
export interface AlertState {
  readonly kinds: Map<NoticeKind, Gathered>;
  told: number[];
}

export const createAlertState = (): AlertState => ({ kinds: new Map(), told: [] });

const HOUR_US = 3_600_000_000;

/** What each kind is called, alone and as a digest. */
const TITLES: Readonly<Record<NoticeKind, (count: number) => string>> = {
  attack_rate: () => 'More attacks than usual',
  block: (count) => (count === 1 ? 'A source was blocked' : `${count} sources were blocked`),
  toll_fraud: (count) => (count === 1 ? 'Toll fraud' : `Toll fraud, ${count} times`),
  lured_call: (count) =>
    count === 1
      ? 'Somebody calls out with a password that the trap let him guess'
      : `${count} calls with passwords that the trap let somebody guess`,
  breaker: () => 'A spoofing storm',
  firewall: () => 'The firewall is not as it must be',
  job: (count) => (count === 1 ? 'A scheduled job failed' : `Scheduled jobs failed ${count} times`),
  disk: () => 'The disk',
  silence: () => 'Nobody reaches the trap',
  test: () => 'A test of the alerts',
};

/**
 * Takes what happened; gives what is to be told now. The first of a kind is told at once, what comes
 * within the quiet time after it together at its end (`settleAlerts`); never more than
 * `perHourMax` notices in any hour: what is over waits, and is told in sum.
 */
export function noteHappening(
  state: AlertState,
  policy: AlertPolicy,
  happening: Happening,
  makeId: () => string,
): Notice | null {
  const { kind, atUs, line } = happening;
  if (!policy.kinds.has(kind)) return null;
  const gathered = gatheredOf(state, kind);
  gathered.count += 1;
  if (gathered.lines.length < LIMITS.noticeLinesMax)
    gathered.lines.push(line.slice(0, LIMITS.noticeLineCharsMax));
  return tell(state, policy, kind, gathered, atUs, makeId);
}

/** What was gathered and whose quiet time is over. */
export function settleAlerts(
  state: AlertState,
  policy: AlertPolicy,
  nowUs: number,
  makeId: () => string,
): readonly Notice[] {
  const notices: Notice[] = [];
  for (const [kind, gathered] of state.kinds) {
    if (gathered.count === 0) continue;
    const notice = tell(state, policy, kind, gathered, nowUs, makeId);
    if (notice !== null) notices.push(notice);
  }
  return notices;
}

function tell(
  state: AlertState,
  policy: AlertPolicy,
  kind: NoticeKind,
  gathered: Gathered,
  nowUs: number,
  makeId: () => string,
): Notice | null {
  if (nowUs < gathered.quietUntilUs) return null;
  state.told = state.told.filter((atUs) => nowUs - atUs < HOUR_US);
  if (state.told.length >= policy.perHourMax) return null;
  state.told.push(nowUs);
  const { lines, count } = gathered;
  Object.assign(gathered, { lines: [], count: 0, quietUntilUs: nowUs + policy.quietUs });
  const importance = IMPORTANCE_OF[kind];
  return { id: makeId(), kind, atUs: nowUs, importance, title: TITLES[kind](count), lines, count };
}

function gatheredOf(state: AlertState, kind: NoticeKind): Gathered {
  const known = state.kinds.get(kind);
  if (known !== undefined) return known;
  const fresh = { quietUntilUs: 0, lines: [], count: 0 };
  state.kinds.set(kind, fresh);
  return fresh;
}
