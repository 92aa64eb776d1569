import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRules } from '../../src/config/rules/parse-rules.js';
import { loadRules } from '../../src/config/rules/rules.js';
import { allowedKeys } from '../../src/config/rules/rule-schema.js';
import { ATTACK_TYPES } from '../../src/core/model/attack-type.js';
import { SEVERITIES } from '../../src/core/model/rule.js';
import { CONDITION_FUNCTIONS } from '../../src/core/detect/rules/condition.js';
import { describeRule } from '../../src/core/detect/rules/describe.js';
import { FIELDS } from '../../src/core/detect/fields/fields.js';
import { runSamples } from '../../src/core/detect/rules/samples.js';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = readFileSync(join(ROOT, 'docs/RULES.md'), 'utf8');

/** The page with other rows in the table below a heading; its two head lines stay. */
function withRows(page: string, heading: string, rows: readonly string[]): string {
  const [before = '', after = ''] = page.split(`\n${heading}\n`);
  const [section = ''] = after.split(/\n#+ /);
  const lines = section.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findLastIndex((line) => line.startsWith('|'));
  if (first === -1) throw new Error(`no table below ${heading}`);
  const renewed = [...lines.slice(0, first + 2), ...rows, ...lines.slice(end + 1)].join('\n');
  return `${before}\n${heading}\n${renewed}${after.slice(section.length)}`;
}

describe('docs/RULES.md', () => {
  it('lists fields, functions and built-in rules as they are', async () => {
    const rules = await loadRules([join(ROOT, 'rules')]);
    const tables = {
      '### Fields': FIELDS.map(({ name, type, doc }) => `| \`${name}\` | ${type} | ${doc} |`),
      '## Conditions': CONDITION_FUNCTIONS.map(
        ({ signature, doc }) => `| \`${signature}\` | ${doc} |`,
      ),
      '## The built-in rules': rules.map(
        (rule) =>
          `| \`${rule.id}\` | \`${rule.attackType}\` | ${describeRule(rule)} | ${rule.points} |`,
      ),
    };
    let page = DOCS;
    for (const [heading, rows] of Object.entries(tables)) page = withRows(page, heading, rows);
    await expect(page).toMatchFileSnapshot('../../docs/RULES.md');
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
