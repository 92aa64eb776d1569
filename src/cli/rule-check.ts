import { sampleEvents } from '../core/detect/rules/samples.js';
import type { TrapEvent } from '../core/model/event.js';
import type { Rule, RuleSample } from '../core/model/rule.js';

/**
 * What is odd about a rule though it may be used: samples that cannot show what they are to show.
 * A sentence each, for a person.
 */
export function ruleWarnings(rule: Rule): readonly string[] {
  if (rule.samples.length === 0) return [`${rule.id}: it has no samples, so nothing tests it`];
  return rule.samples.flatMap((sample) => sampleWarnings(rule, sample));
}

function sampleWarnings(rule: Rule, sample: RuleSample): readonly string[] {
  const events = sampleEvents(rule, sample);
  const where = `${rule.id}: sample '${sample.name}'`;
  const matching = events.filter((event) => isLookedAt(rule, event)).length;
  if (matching === 0 && sample.expect.sightings > 0) {
    const { kind, methods } = rule.match;
    const wanted = `${methods?.join(' or ') ?? 'any'} ${kind}`;
    return [`${where}: none of its ${events.length} messages is a ${wanted}: is a line missing?`];
  }
  const foreign = events.find(({ message }) => message.kind === 'other');
  if (foreign === undefined || rule.match.kind === 'other') return [];
  return [`${where}: message ${foreign.id} has no SIP start line`];
}

const isLookedAt = ({ match }: Rule, { message }: TrapEvent): boolean =>
  message.kind === match.kind && (match.methods?.includes(message.method ?? '') ?? true);
