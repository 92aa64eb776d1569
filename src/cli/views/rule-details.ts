import { describeRule } from '../../core/detect/detect.js';
import { writeSeconds } from '../../core/common/duration.js';
import type { Rule } from '../../core/model/rule.js';
import type { RuleActivity } from '../../store/read/reader.js';
import { renderPairs } from '../text/table.js';
import { count } from '../text/words.js';

/** A rule with all that it says, as JSON. Durations in seconds. */
export const ruleDetails = (rule: Rule, replaces: Rule | null, seen: RuleActivity | null) => ({
  id: rule.id,
  name: rule.name,
  version: rule.version,
  attack_type: rule.attackType,
  severity: rule.severity,
  description: rule.description,
  references: rule.references,
  condition: describeRule(rule),
  match: { kind: rule.match.kind, methods: rule.match.methods },
  when: rule.when,
  count:
    rule.count === null
      ? null
      : {
          by: rule.count.by,
          distinct: rule.count.distinct,
          over: rule.count.over,
          within_s: rule.count.withinS,
          forget_when: rule.count.forgetWhen,
        },
  points: rule.points,
  points_proven: rule.pointsProven,
  context: rule.context,
  mute_s: rule.muteS,
  samples: rule.samples.map(({ name }) => name),
  source_file: rule.sourceFile,
  source_line: rule.sourceLine,
  /** Where the rule stands whose place this one takes; null: of none. */
  replaces: replaces === null ? null : `${replaces.sourceFile}:${replaces.sourceLine}`,
  sightings_24h: seen?.sightings ?? 0,
  blocks_24h: seen?.blocks ?? 0,
});

export type RuleDetails = ReturnType<typeof ruleDetails>;

const APPLIES = { trap: 'the trap alone', pbx: 'a PBX alone', any: 'the trap and a PBX' } as const;

/** The same for a person. */
export function renderRule(rule: RuleDetails): string {
  const pairs: [string, string][] = [
    ['rule', `${rule.id} (version ${rule.version}): ${rule.name}`],
    ['names', `${rule.attack_type}, severity ${rule.severity}`],
    ['fires on', rule.condition],
    ['applies to', APPLIES[rule.context]],
    ['points', `${rule.points}, from proven addresses ${rule.points_proven}`],
    ['mute', `${writeSeconds(rule.mute_s)} for the same source`],
    ['last 24 h', `${count(rule.sightings_24h, 'sighting')}, ${count(rule.blocks_24h, 'block')}`],
    ['samples', rule.samples.join('; ')],
    ['file', `${rule.source_file}:${rule.source_line}`],
    ['replaces', rule.replaces ?? ''],
    ['references', rule.references.join('; ')],
  ];
  const known = pairs.filter(([, value]) => value !== '');
  const parts = [renderPairs(known), rule.description.trim()];
  if (rule.when !== null) parts.push(`when:\n${indent(rule.when)}`);
  const forget = rule.count?.forget_when ?? null;
  if (forget !== null) parts.push(`taken back when:\n${indent(forget)}`);
  return parts.join('\n\n');
}

const indent = (text: string): string =>
  text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
