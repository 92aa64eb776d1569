import { decide, type BlockState } from './decide.js';
import type { BlockPolicy } from './policy.js';
import { findSuspect, keepSuspect, newSuspect } from './suspects.js';
import type { Detection } from '../detect/detect.js';
import type { Verdict } from '../model/block.js';
import type { TrapEvent } from '../model/event.js';
import type { Answered } from '../trap/answer.js';

/** Of the threshold, the part that one rule must give for a message to tell against its source. */
const ACCUSING_PART = 4;

export const identityOfEvent = ({ identity, source }: TrapEvent): string =>
  identity ?? source.address;

/** What an event means for its source; null: nothing new. Keeps the memory of suspects. */
export function judge(
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
  const suspect = before ?? newSuspect(score, sightings, nowUs);
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

/**
 * Counts what a suspect was answered: a forger does not go on as one who hears us does. A passive
 * trap, which never answers, can only count what comes.
 */
export function noteAnswered(
  { suspects }: BlockState,
  policy: BlockPolicy,
  event: TrapEvent,
  detection: Detection,
  { messages, withheld }: Answered,
  nowUs: number,
): void {
  if (!isAccusing(policy, event, detection)) return;
  if (messages.length === 0 && withheld !== 'passive') return;
  const suspect = findSuspect(suspects, identityOfEvent(event), nowUs);
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
