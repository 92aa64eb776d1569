import { writeSeconds } from '../../common/duration.js';
import type { Rule, RuleCount } from '../../model/rule.js';
import { thingsOf } from '../fields/things-of.js';

/**
 * A rule's condition in words, one line: `more than 8 passwords in 10m from one
 * source`, or, for a rule that fires on each event, which events and the first sentence of its
 * description.
 */
export function describeRule(rule: Rule): string {
  const what = `${rule.match.methods?.join(', ') ?? 'any'} ${kindWord(rule)}`;
  if (rule.count === null) return `each ${what}: ${firstSentence(rule.description)}`;
  return `${describeCount(rule.count)} (${what})`;
}

/** `in 10m`, or for a leaky bucket `and one more each 10s`. */
export const allowanceText = ({ withinS, leakS }: RuleCount): string =>
  leakS === null ? `in ${writeSeconds(withinS ?? 0)}` : `and one more each ${writeSeconds(leakS)}`;

function describeCount(count: RuleCount): string {
  const { by, distinct, over, forgetWhen, apartS, settleS, own, repeats } = count;
  const things = distinct === null ? 'events' : thingsOf(distinct);
  const others = by.filter((name) => name !== 'source');
  const from = [
    ...(by.includes('source') ? ['one source'] : []),
    ...others.map((name) => `one ${name}`),
  ].join(' and ');
  const but = [
    apartS === null ? null : `at least ${writeSeconds(apartS)} apart`,
    settleS === null ? null : `each seen once and ${writeSeconds(settleS)} ago`,
    own === null ? null : `at least ${own} of them by the source itself`,
    repeats ? 'with retransmissions' : null,
    forgetWhen === null ? null : 'without those taken back',
  ].filter((text) => text !== null);
  return [`more than ${over} ${things} ${allowanceText(count)} from ${from}`, ...but].join(', ');
}

function kindWord({ match }: Rule): string {
  return match.kind === 'other' ? 'message that is not SIP' : match.kind;
}

function firstSentence(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  const end = flat.search(/[.!?](?: |$)/);
  return end === -1 ? flat : flat.slice(0, end);
}
