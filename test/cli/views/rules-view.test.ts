import { describe, expect, it } from 'vitest';
import type { RuleView } from '../../../src/api/views.js';
import { BUILT_IN_RULES, PREPARED_RULES } from '../../../src/agent/all-rules.js';
import { renderRules, renderRulesShort } from '../../../src/cli/views/rules-view.js';
import { textWidth, type Screen } from '../../../src/cli/text/screen.js';
import { loadRules } from '../../../src/config/rules/rules.js';
import { describeRule } from '../../../src/core/detect/detect.js';

const screen = (columns: number | null): Screen => ({ columns, colour: false });

const built = await loadRules([BUILT_IN_RULES], PREPARED_RULES);
/** All of them fired, which takes the most room. */
const all: readonly RuleView[] = built.map((rule, at) => ({
  id: rule.id,
  version: rule.version,
  attack_type: rule.attackType,
  severity: rule.severity,
  condition: describeRule(rule),
  points: rule.points,
  source_file: rule.sourceFile,
  sightings_24h: 1000 + at,
  blocks_24h: at,
  fault: null,
}));

const TWO_SCREENS = 2 * 40;

describe('rules list on a terminal', () => {
  it.each([80, 120, 200])('fits all rules on two screens of %i columns', (columns) => {
    const text = renderRulesShort(all, 100, screen(columns));
    const lines = text.split('\n');
    expect(lines.length).toBeLessThanOrEqual(TWO_SCREENS);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    for (const { id } of all) expect(text).toMatch(new RegExp(`(?:^|[ ])${id}(?:,|$| \\()`, 'm'));
  });
  it('puts those that blocked most first, and says how many more fired', () => {
    const text = renderRulesShort(all, 100, screen(80));
    expect(text.indexOf(` ${all.length - 1}\n`)).toBeGreaterThan(0);
    expect(text).toContain(`and ${all.length - 8} more rules: --long`);
  });
  it('names a rule that is switched off before all else', () => {
    const broken = all.map((rule, at) => (at === 3 ? { ...rule, fault: 'no such key: a' } : rule));
    const [, , , third] = renderRulesShort(broken, 100, screen(80)).split('\n');
    expect(third).toBe(`switched off: ${all[3]?.id ?? ''}: no such key: a`);
  });
});

describe('rules list into a pipe', () => {
  it('has a line for each rule, with its condition', () => {
    const lines = renderRules(all, 100, screen(null)).split('\n');
    for (const { id, condition } of all) {
      expect(lines.filter((line) => line.startsWith(`${id} `) && line.endsWith(condition))).toEqual(
        [expect.any(String)],
      );
    }
  });
});
