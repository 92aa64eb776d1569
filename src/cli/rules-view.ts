import type { FirewallView, RuleView } from '../api/views.js';
import { ATTACK_TYPES } from '../core/model/attack-type.js';
import { paint, textWidth, thisScreen, wrapText, type Screen } from './screen.js';
import { renderTable, type Column } from './table.js';
import { count } from './words.js';

const LONG: readonly Column[] = [
  { title: 'RULE' },
  { title: 'ATTACK TYPE', rank: 2 },
  { title: 'POINTS' },
  { title: 'SEEN 24H', rank: 1 },
  { title: 'BLOCKS 24H', rank: 3 },
  { title: 'CONDITION' },
];

/** All rules with what each looks for, one a row; the only form that goes into a pipe. */
export function renderRules(
  rules: readonly RuleView[],
  threshold: number,
  screen: Screen = thisScreen(),
): string {
  const rows = rules.map((rule) => [
    rule.id,
    rule.attack_type,
    String(rule.points),
    String(rule.sightings_24h),
    String(rule.blocks_24h),
    rule.fault === null ? rule.condition : `${rule.condition} (switched off: ${rule.fault})`,
  ]);
  return `${renderTitle(rules, threshold)}\n\n${renderTable(LONG, rows, screen)}`;
}

const renderTitle = (rules: readonly RuleView[], threshold: number): string =>
  `${count(rules.length, 'detection rule')}; a source with ${threshold} points is blocked`;

const FIRED_SHOWN_MAX = 8;
const FIRED: readonly Column[] = [
  { title: 'RULE' },
  { title: 'ATTACK TYPE', rank: 1 },
  { title: 'POINTS' },
  { title: 'SEEN 24H' },
  { title: 'BLOCKS 24H' },
];

/** All rules on two screens: what is broken, what fired most, then each by the attack that it names. */
export function renderRulesShort(
  rules: readonly RuleView[],
  threshold: number,
  screen: Screen = thisScreen(),
): string {
  const off = rules.flatMap(({ id, fault }) =>
    fault === null ? [] : [paint(`switched off: ${id}: ${fault}`, 'bad', screen)],
  );
  const groups = ATTACK_TYPES.toReversed().flatMap((type) => {
    const own = rules.filter(({ attack_type: each }) => each === type);
    return own.length === 0 ? [] : [paint(type, 'dim', screen), ...laySide(own, rules, screen)];
  });
  const parts = [
    `${renderTitle(rules, threshold)}. --long tells what each looks for.`,
    ...(off.length === 0 ? [] : [off.join('\n')]),
    renderFired(rules, screen),
    ['Rules by attack, the worst first; the number is the points of one sighting', ...groups].join(
      '\n',
    ),
  ];
  return parts.join('\n\n');
}

function renderFired(rules: readonly RuleView[], screen: Screen): string {
  const fired = rules
    .filter(({ sightings_24h: seen, blocks_24h: blocks }) => seen > 0 || blocks > 0)
    .sort((a, b) => b.sightings_24h - a.sightings_24h || (a.id < b.id ? -1 : 1));
  if (fired.length === 0) return 'None of them fired in the last 24 hours.';
  const rows = fired
    .slice(0, FIRED_SHOWN_MAX)
    .map((rule) => [
      rule.id,
      rule.attack_type,
      String(rule.points),
      String(rule.sightings_24h),
      String(rule.blocks_24h),
    ]);
  const more = fired.length - rows.length;
  const rest = more > 0 ? `\nand ${count(more, 'more rule')}: --long` : '';
  return `Fired in the last 24 hours\n${renderTable(FIRED, rows, screen)}${rest}`;
}

const INDENT = '  ';

/** As many beside each other as there is room for; the places are the same in all groups. */
function laySide(own: readonly RuleView[], all: readonly RuleView[], screen: Screen): string[] {
  const room = (screen.columns ?? 80) - INDENT.length;
  const text = ({ id, points }: RuleView): string => `${id} ${points}`;
  const width = Math.max(...all.map((rule) => textWidth(text(rule)))) + 2;
  const side = Math.max(1, Math.floor((room + 2) / width));
  const lines: string[] = [];
  for (let at = 0; at < own.length; at += side) {
    const line = own.slice(at, at + side).map((rule) => text(rule).padEnd(width));
    lines.push(...wrapText(line.join('').trimEnd(), room).map((part) => INDENT + part));
  }
  return lines;
}

export function renderFirewall(firewall: FirewallView, way: 'all' | 'short'): string {
  const state = firewall.enforcing ? 'enforcing' : 'not enforcing';
  const title = `Firewall: ${firewall.backend}, ${state} (${firewall.why})`;
  const protect = `never blocked: ${firewall.protect.join(', ') || 'nobody'}`;
  if (!firewall.present) return `${title}\n${protect}\nNo rule of ours is in the firewall.`;
  const blocks = count(firewall.blocks, 'block');
  if (way === 'short') return `${title}\n${protect}\n${blocks} in it; --firewall prints its rules`;
  return `${title}\n${protect}\n${blocks} in the sets below\n\n${firewall.rules.trimEnd()}`;
}
