import type { CallRecord } from '../model/call.js';
import type { TrapEvent } from '../model/event.js';
import { isProven } from '../model/proof.js';
import {
  bytesLeft,
  createAnswerBudget,
  sourceAllowance,
  takeAnswer,
  type AnswerBudget,
  type AnswerRates,
} from './budget.js';
import {
  beginCall,
  confirmCall,
  createCallTable,
  endCall,
  hasRoom,
  type CallTable,
} from './calls.js';
import { decideAnswer, type Decision } from './decide-answer.js';
import type { Lure } from './proof/lure.js';
import type { AnswerKind } from './persona.js';
import { renderAnswer, tagOf, type RenderSettings } from './render/render-answer.js';

/** How the trap answers: the operator's settings. */
export interface AnswerSettings extends RenderSettings {
  /** passive: nothing is ever answered. */
  readonly answering: 'active' | 'passive';
  readonly lure: Lure | null;
  readonly rates: AnswerRates;
  /** Calls at once; 0: as many as the table holds. */
  readonly callsMax: number;
  readonly callDurationMaxUs: number;
}

/** What the trap remembers between packets so as to answer them. */
export interface AnswerState {
  readonly calls: CallTable;
  readonly budget: AnswerBudget;
}

export const createAnswerState = (): AnswerState => ({
  calls: createCallTable(),
  budget: createAnswerBudget(),
});

/** Why a request that an answer was due to got none. */
export type Withheld = 'passive' | 'rate' | 'amplification';

export interface Answered {
  /** In the order in which they go; more than one for the INVITE of a proven source alone. */
  readonly messages: readonly Buffer[];
  /** Status of the last of them; null when there is none. */
  readonly status: number | null;
  /** Null when it was answered, or no answer was due. */
  readonly withheld: Withheld | null;
  /** Calls that began or ended with it. */
  readonly calls: readonly CallRecord[];
}

const NOTHING: Answered = { messages: [], status: null, withheld: null, calls: [] };

/** Written out each time: an object that is spread costs a copy by names. */
const withhold = (withheld: Withheld): Answered => ({
  messages: [],
  status: null,
  withheld,
  calls: [],
});

/**
 * Answers as the PBX of the persona would, or withholds it: in passive mode, above the rates of the
 * source and of its network, and, to a source without proof, above three bytes for each byte that
 * came from it in the window. Changes `state`. Everything goes back to where the message came from.
 */
export function answerRequest(
  event: TrapEvent,
  settings: AnswerSettings,
  state: AnswerState,
): Answered {
  const { source, message, receivedAtUs: nowUs } = event;
  const proven = isProven(event.proof);
  const allowance = sourceAllowance(state.budget, event.identity ?? source.address, nowUs);
  if (!proven) allowance.bytesIn += message.bytes.length;
  const { persona, realm, secret, lure } = settings;
  const decision = decideAnswer(event, { persona, realm, secret, lure, calls: state.calls });
  if (decision.kind === 'none') return NOTHING;
  if (settings.answering === 'passive') return withhold('passive');
  if (decision.kind === 'confirm-call') {
    confirmCall(decision.call, nowUs);
    return NOTHING;
  }
  if (!takeAnswer(state.budget, allowance, source.address, settings.rates, nowUs)) {
    return withhold('rate');
  }
  const bytesMax = proven ? Number.POSITIVE_INFINITY : bytesLeft(allowance);
  const answered = carryOut(event, settings, state, decision, bytesMax);
  if (!proven) for (const sent of answered.messages) allowance.bytesOut += sent.length;
  return answered;
}

type Due = Exclude<Decision, { readonly kind: 'none' | 'confirm-call' }>;

function carryOut(
  event: TrapEvent,
  settings: AnswerSettings,
  state: AnswerState,
  decision: Due,
  bytesMax: number,
): Answered {
  const one = (as: AnswerKind, status: number, toTag: string | null = null): Answered => {
    const bytes = renderAnswer(event, settings, as, status, bytesMax, toTag);
    if (bytes === null) return withhold('amplification');
    return { messages: [bytes], status, withheld: null, calls: [] };
  };
  switch (decision.kind) {
    case 'answer':
      return one(decision.as, decision.status);
    case 'repeat-call':
      return one('accepted', 200, decision.call.toTag);
    case 'end-call': {
      const ended = endCall(state.calls, decision.call, decision.how, event.receivedAtUs);
      return { ...one('done', 200, decision.call.toTag), calls: [ended] };
    }
    case 'begin-call':
      return begin(event, settings, state, bytesMax);
  }
}

/** 100, 180 and 200 at once: a voice menu picks up as fast. */
function begin(
  event: TrapEvent,
  settings: AnswerSettings,
  state: AnswerState,
  bytesMax: number,
): Answered {
  if (!hasRoom(state.calls, settings.callsMax)) {
    state.calls.refused += 1;
    const refusal = renderAnswer(event, settings, 'refused', 503, bytesMax);
    return refusal === null
      ? withhold('amplification')
      : { messages: [refusal], status: 503, withheld: null, calls: [] };
  }
  const toTag = tagOf(event, settings);
  const messages = (
    [
      ['trying', 100],
      ['ringing', 180],
      ['accepted', 200],
    ] as const
  ).flatMap(([as, status]) => renderAnswer(event, settings, as, status, bytesMax, toTag) ?? []);
  const call = beginCall(state.calls, event, toTag);
  return { messages, status: 200, withheld: null, calls: [call.record] };
}
