import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRules } from '../../src/config/parse-rules.js';
import { loadRules } from '../../src/config/rules.js';
import { allowedKeys } from '../../src/config/rule-schema.js';
import { ATTACK_TYPES } from '../../src/core/model/attack-type.js';
import { SEVERITIES } from '../../src/core/model/rule.js';
import { CONDITION_FUNCTIONS } from '../../src/core/detect/condition.js';
import { describeRule } from '../../src/core/detect/describe.js';
import { FIELDS } from '../../src/core/detect/fields.js';
import { runSamples } from '../../src/core/detect/samples.js';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = readFileSync(join(ROOT, 'docs/RULES.md'), 'utf8');

/** The rows of the table below a heading, without its two head lines. */
function tableUnder(heading: string): readonly string[] {
  const [, after = ''] = DOCS.split(`\n${heading}\n`);
  const [section = ''] = after.split(/\n#+ /);
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
}

describe('docs/RULES.md', () => {
  it('lists the fields as they are', () => {
    const rows = FIELDS.map(({ name, type, doc }) => `| \`${name}\` | ${type} | ${doc} |`);
    expect(tableUnder('### Fields')).toEqual(rows);
  });

  it('lists the built-in rules as they are', async () => {
    const rules = await loadRules([join(ROOT, 'rules')]);
    const rows = rules.map(
      (rule) =>
        `| \`${rule.id}\` | \`${rule.attackType}\` | ${describeRule(rule)} | ${rule.points} |`,
    );
    expect(tableUnder('## The built-in rules')).toEqual(rows);
  });

  it('lists the functions as they are', () => {
    const rows = CONDITION_FUNCTIONS.map(({ signature, doc }) => `| \`${signature}\` | ${doc} |`);
    expect(tableUnder('## Conditions')).toEqual(rows);
  });

  it('names every key of a rule and of its parts', () => {
    const keys = [
      ...allowedKeys([]).filter((key) => key !== 'match' && key !== 'count'),
      ...allowedKeys(['match']).map((key) => `match.${key}`),
      ...allowedKeys(['count']).map((key) => `count.${key}`),
      ...allowedKeys(['samples', 0, 'events', 0]),
      ...allowedKeys(['samples', 0, 'expect']),
    ];
    expect(keys.filter((key) => !DOCS.includes(`\`${key}\``))).toEqual([]);
  });

  it('names the attack types and the severities in their order', () => {
    for (const names of [ATTACK_TYPES, SEVERITIES]) {
      expect(DOCS).toContain(names.map((name) => `\`${name}\``).join(', '));
    }
  });

  it.each(['RULES.md', 'REPLAY.md'])('has a first rule that works, and so has %s', (name) => {
    const page = readFileSync(join(ROOT, 'docs', name), 'utf8');
    const [, yaml = ''] = page.split('```yaml\n');
    const [rule] = parseRules(yaml.split('```')[0] ?? '', name);
    if (rule === undefined) throw new Error('no rule');
    expect(runSamples(rule)).toEqual([
      { rule: 'own-dialling', sample: 'three numbers', failure: null },
    ]);
  });
});
