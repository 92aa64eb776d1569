import type { Answered } from './trap/answer.js';

/**
 * Exact counts since the start. received = answered + unanswered, and
 * unanswered = noAnswerDue + all that begin with withheld.
 */
export interface AgentCounts {
  received: number;
  answered: number;
  unanswered: number;
  /** Responses, ACKs, what is no SIP, and requests that cannot be answered. */
  noAnswerDue: number;
  /** Withheld because the source is blocked. */
  withheldBlocked: number;
  /** Of `withheldBlocked`: the firewall should have dropped them. */
  stillTalking: number;
  /** Withheld because the trap is passive. */
  withheldPassive: number;
  /** Withheld because the source or its network had its share of answers for now. */
  withheldRate: number;
  /** Withheld because the source is unproven, and the answer too large for what it sent. */
  withheldAmplification: number;
  /** Calls that were answered. */
  calls: number;
  retransmissions: number;
  /** Requests to a PBX that sensors told of; not among those received. */
  sensed: number;
  sightings: number;
  blocks: number;
  protectedSpared: number;
}

export const createCounts = (): AgentCounts => ({
  received: 0,
  answered: 0,
  unanswered: 0,
  noAnswerDue: 0,
  withheldBlocked: 0,
  stillTalking: 0,
  withheldPassive: 0,
  withheldRate: 0,
  withheldAmplification: 0,
  calls: 0,
  retransmissions: 0,
  sensed: 0,
  sightings: 0,
  blocks: 0,
  protectedSpared: 0,
});

/** Counts what became of one request that came in. */
export function countAnswered(counts: AgentCounts, { messages, withheld, calls }: Answered): void {
  for (const { endedAtUs } of calls) if (endedAtUs === null) counts.calls += 1;
  if (messages.length > 0) {
    counts.answered += 1;
    return;
  }
  counts.unanswered += 1;
  if (withheld === 'passive') counts.withheldPassive += 1;
  else if (withheld === 'rate') counts.withheldRate += 1;
  else if (withheld === 'amplification') counts.withheldAmplification += 1;
  else counts.noAnswerDue += 1;
}
