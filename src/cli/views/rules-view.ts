import type { FirewallView, RuleView } from '../../api/views.js';
import { ATTACK_TYPES } from '../../core/model/attack-type.js';
import { paint, textWidth, thisScreen, type Screen } from '../text/screen.js';
import { renderTable, type Column } from '../text/table.js';
import { count } from '../text/words.js';

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
  { title: 'POINTS' },
  { title: 'SEEN 24H' },
  { title: 'BLOCKS 24H' },
];

/** All rules on two screens: what is broken, what blocked and fired most, then each by the attack that it names. */
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
    return own.length === 0
      ? []
      : [paint(type, 'dim', screen), ...laySide(own, threshold, screen.columns ?? 80)];
  });
  const parts = [
    `${renderTitle(rules, threshold)}\n--long tells what each looks for`,
    ...(off.length === 0 ? [] : [off.join('\n')]),
    renderFired(rules, screen),
    [`By attack, the worst first; points in brackets where not ${threshold}`, ...groups].join('\n'),
  ];
  return parts.join('\n\n');
}

function renderFired(rules: readonly RuleView[], screen: Screen): string {
  const fired = rules
    .filter(({ sightings_24h: seen, blocks_24h: blocks }) => seen > 0 || blocks > 0)
    .sort(
      (a, b) =>
        b.blocks_24h - a.blocks_24h || b.sightings_24h - a.sightings_24h || (a.id < b.id ? -1 : 1),
    );
  if (fired.length === 0) return 'None of them fired in the last 24 hours.';
  const rows = fired
    .slice(0, FIRED_SHOWN_MAX)
    .map((rule) => [
      rule.id,
      String(rule.points),
      String(rule.sightings_24h),
      String(rule.blocks_24h),
    ]);
  const more = fired.length - rows.length;
  const rest = more > 0 ? `\nand ${count(more, 'more rule')}: --long` : '';
  return `Fired in the last 24 hours\n${renderTable(FIRED, rows, screen)}${rest}`;
}

const INDENT = '  ';

/** As many beside each other as there is room for; a rule and its points stay together. */
function laySide(own: readonly RuleView[], threshold: number, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [at, { id, points }] of own.entries()) {
    const end = at === own.length - 1 ? '' : ',';
    const text = `${id}${points === threshold ? '' : ` (${points})`}${end}`;
    const longer = line === '' ? INDENT + text : `${line} ${text}`;
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(line);
      line = INDENT + text;
    } else line = longer;
  }
  return [...lines, line];
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
