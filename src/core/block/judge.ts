import { decide, type BlockState } from './decide.js';
import { decideSite } from './decide-site.js';
import type { BlockPolicy } from './policy.js';
import { findSite, guiltOf, noteSite, tellsOfSite } from './sites.js';
import { ACCUSING_PART, findSuspect, keepSuspect, newSuspect } from './suspects.js';
import type { Detection } from '../detect/detect.js';
import type { Verdict } from '../model/block.js';
import type { TrapEvent } from '../model/event.js';
import type { Answered } from '../trap/answer.js';

export const identityOfEvent = ({ identity, source }: TrapEvent): string =>
  identity ?? source.address;

/** What an event means for its source and its site; null: nothing new. Keeps the memory of both. */
export function judge(
  blocks: BlockState,
  policy: BlockPolicy,
  event: TrapEvent,
  detection: Detection,
  nowUs: number,
): Verdict | null {
  const verdict = judgeSource(blocks, policy, event, detection, nowUs);
  if (verdict !== null && DECIDED.has(verdict.kind)) return verdict;
  return judgeSite(blocks, policy, event, detection, nowUs) ?? verdict;
}

const DECIDED: ReadonlySet<Verdict['kind']> = new Set(['block', 'covered', 'protected']);

function judgeSource(
  blocks: BlockState,
  policy: BlockPolicy,
  event: TrapEvent,
  detection: Detection,
  nowUs: number,
): Verdict | null {
  const { suspects } = blocks;
  const { score, sightings } = detection;
  const identity = identityOfEvent(event);
  const before = findSuspect(suspects, identity, nowUs);
  const goesOn = before !== null && isAccusing(policy, event, detection);
  if (sightings.length === 0 && !goesOn) return null;
  if (goesOn) before.messages += 1;
  const suspect = before ?? newSuspect(detection, policy.threshold, nowUs);
  const accusation = {
    source: event.source.address,
    // A suspect has scored enough before; the score fades while it goes on.
    score: before === null ? score : { ...score, total: Math.max(score.total, before.total) },
    sightings: sightings.length > 0 ? sightings : suspect.sightings,
    proof: event.proof,
    suspect,
  };
  const verdict = decide(blocks, policy, accusation, nowUs);
  if (verdict.kind === 'suspect') keepSuspect(suspects, identity, suspect);
  if (verdict.kind === 'block') suspects.delete(identity);
  return verdict;
}

/** null: the message does not tell of its site, or the site has not shown enough yet. */
function judgeSite(
  blocks: BlockState,
  policy: BlockPolicy,
  event: TrapEvent,
  detection: Detection,
  nowUs: number,
): Verdict | null {
  const { sites } = blocks;
  if (sites.size === 0 || !tellsOfSite(policy, event, detection)) return null;
  const { address } = event.source;
  const site = findSite(sites, address, nowUs);
  if (site === null) return null;
  const guilt = guiltOf(site, policy, event, detection);
  // While a source is mute under a rule, what it fired for before is the reason.
  const sightings = detection.sightings.length > 0 ? detection.sightings : site.sightings;
  if (guilt === 'none' || sightings.length === 0) return null;
  const { proof } = event;
  const accusation = { source: address, site, sightings, proven: guilt === 'proven', proof };
  return decideSite(blocks, policy, accusation, nowUs);
}

/**
 * Counts what a suspect and its site were answered: a forger does not go on as one who hears us does. A passive
 * trap, which never answers, can only count what comes.
 */
export function noteAnswered(
  { suspects, sites }: BlockState,
  policy: BlockPolicy,
  event: TrapEvent,
  detection: Detection,
  { messages, withheld }: Answered,
  nowUs: number,
): void {
  if (messages.length === 0 && withheld !== 'passive') return;
  const identity = identityOfEvent(event);
  if (tellsOfSite(policy, event, detection)) {
    noteSite(sites, policy, event, identity, detection, nowUs);
  }
  if (!isAccusing(policy, event, detection)) return;
  const suspect = findSuspect(suspects, identity, nowUs);
  if (suspect !== null) suspect.answered += 1;
}

/**
 * True for a new message in which a rule sees an attack of some weight, also while it is muted. What
 * a peer sends of its own accord must not be taken for a second packet of who forges its name.
 */
const isAccusing = (
  { threshold }: BlockPolicy,
  { retransmission }: TrapEvent,
  { pointsSeen }: Detection,
): boolean => !retransmission && pointsSeen * ACCUSING_PART >= threshold;
