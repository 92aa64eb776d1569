import type { TrapEvent } from '../../model/event.js';
import type { Rule } from '../../model/rule.js';
import { detach, quoteText } from '../../common/text.js';
import { writeSeconds } from '../../common/duration.js';
import { allowanceText } from '../rules/describe.js';
import { thingsOf } from '../fields/things-of.js';
import { likelyGuess } from '../fields/likely-guess.js';

/** What a firing rests on: how many things over how long, and the last events. */
export interface Evidence {
  readonly things: number;
  readonly spanUs: number;
  readonly eventIds: readonly number[];
}

/**
 * A sentence for a person: what was seen, with the numbers. Packet text in it is escaped. Blocks keep
 * it, so that it stands alone.
 */
export const reasonOf = (rule: Rule, event: TrapEvent, evidence: Evidence): string =>
  detach(sentenceOf(rule, event, evidence));

function sentenceOf(rule: Rule, event: TrapEvent, { things, spanUs }: Evidence): string {
  if (rule.count === null) {
    return `${rule.name}: ${messageText(event)} over ${event.transport}${passwordText(event)}${agentText(event)}`;
  }
  const { distinct, over } = rule.count;
  const what = distinct === null ? 'events' : thingsOf(distinct);
  // A plain leaky bucket keeps its level alone.
  const seen = things === 0 ? `more than ${over} ${what}` : `${things} ${what}`;
  const seconds = spanUs / 1e6;
  const span =
    seconds < 120 ? `${seconds.toFixed(1)}s` : writeSeconds(Math.round(seconds / 60) * 60);
  const time = things === 0 ? '' : ` in ${span}`;
  return `${rule.name}: ${seen}${time}, allowed are ${over} ${allowanceText(rule.count)}${passwordText(event)}${agentText(event)}`;
}

function messageText({ message }: TrapEvent): string {
  switch (message.kind) {
    case 'request':
      return quoteText(message.method ?? 'a request', 32);
    case 'response':
      return `a response ${message.statusCode ?? 0}`;
    case 'other':
      return 'a message that is not SIP';
  }
}

/** The password, where it was found out: hashed already for the rules that ask for it, as a rule. */
function passwordText(event: TrapEvent): string {
  const { authorization } = event.message;
  if (authorization === null) return '';
  const password = likelyGuess(event);
  if (password === null) return '';
  return password === authorization.username
    ? ', the password tried is the user name'
    : `, the password tried is "${quoteText(password, PASSWORD_CHARS_MAX)}"`;
}

const PASSWORD_CHARS_MAX = 32;

function agentText({ message }: TrapEvent): string {
  return message.userAgent === null ? '' : `, User-Agent "${quoteText(message.userAgent, 64)}"`;
}
