import { formatDuration } from '../../core/common/duration.js';
import { quoteText } from '../../core/common/text.js';
import { LEFT_OUT, type LeftOut } from '../../records/recorded.js';
import type { ReplayView, StoryView } from './replay-view.js';
import { describeZone } from '../text/time-zone.js';
import { renderTable } from '../text/table.js';
import { shortTime } from '../../core/common/time-words.js';
import { SCOPE_WORDS } from '../../core/model/scope-words.js';
import { count } from '../text/words.js';

const CHANGE_WORDS: Readonly<Record<string, string>> = {
  blocked: 'blocked now, not before',
  no_longer_blocked: 'no longer blocked',
  blocked_earlier: 'blocked earlier',
  blocked_later: 'blocked later',
  spared: 'spared now (protected): it would be hit',
  no_longer_spared: 'no longer hit (protected)',
  seen: 'seen now, not before',
  no_longer_seen: 'no longer seen',
};

/** What a replay says to a person. */
export function renderReplay(view: ReplayView): string {
  const { tried, difference } = view;
  if (tried === null || difference === null) {
    return join([renderInputs(view), renderStory(view.in_force)]);
  }
  const ids = view.tried_rules.join(', ');
  return join([
    renderInputs(view),
    `With ${ids}:`,
    renderStory(tried),
    `The difference that ${ids} makes, against the ${count(view.rules, 'rule')} in force:`,
    renderDifference(view),
  ]);
}

const join = (parts: readonly (string | null)[]): string =>
  parts.filter((part) => part !== null).join('\n\n');

function renderInputs({ inputs }: ReplayView): string {
  return inputs
    .map((input) => {
      const { name, format, records, messages, understood, left_out, foreign, damage } = input;
      const { time_zone } = input;
      const what = format === null ? 'nothing readable' : format;
      const head = `${quoteText(name)}: ${what}, ${count(records, 'record')}, ${count(messages, 'message')}`;
      const left = Object.entries(left_out).map(
        // The report's own keys.
        ([why, number]) =>
          `  left out: ${number} ${LEFT_OUT[why as LeftOut]}` +
          (why === 'not_udp_or_tcp' ? namesOf(foreign) : ''),
      );
      const notes = [
        ...(time_zone === null ? [] : [`  note: ${describeZone({ ...input, time_zone })}`]),
        ...(damage === null ? [] : [`  note: ${damage}`]),
        ...(understood ? [] : ['  note: nothing in it was understood as SIP']),
      ];
      return [head, ...left, ...notes].join('\n');
    })
    .join('\n');
}

/** What they were instead, the most frequent first. */
function namesOf(foreign: Readonly<Record<string, number>>): string {
  const names = Object.entries(foreign).sort(([, a], [, b]) => b - a);
  return names.length === 0 ? '' : `: ${names.map(([name, n]) => `${n} ${name}`).join(', ')}`;
}

export function renderStory(story: StoryView): string {
  if (story.first_at === null || story.last_at === null) return 'No message: nothing to tell.';
  const seconds = (Date.parse(story.last_at) - Date.parse(story.first_at)) / 1_000;
  const lines = [
    `${count(story.packets, 'packet')} of ${count(story.sources, 'source')} in ` +
      `${formatDuration(seconds)}, ${shortTime(story.first_at)} to ${shortTime(story.last_at)} UTC; ` +
      `${count(story.blocks_total, 'block')}, which would have kept ${count(story.packets_kept_out, 'packet')} out`,
    story.out_of_order > 0
      ? `${count(story.out_of_order, 'packet')} out of order: taken at the time of the one before`
      : null,
    story.untold_packets > 0
      ? `${count(story.untold_packets, 'packet')} of further sources, judged but not listed`
      : null,
    ...Object.entries(story.limits_hit).map(
      ([limit, times]) => `a bound was reached: ${limit.replaceAll('_', ' ')}: ${times}`,
    ),
    ...story.faults.map(
      ({ rule, message, times }) => `rule ${rule} failed ${times} times: ${message}`,
    ),
  ].filter((line) => line !== null);
  return join([lines.join('\n'), renderRules(story), renderBlocks(story), renderProtected(story)]);
}

function renderRules({ by_rule: rules }: StoryView): string {
  if (rules.length === 0) return 'Seen: no rule fired.';
  const head = [
    'RULE',
    { title: 'ATTACK TYPE', rank: 4 },
    'FIRED',
    'SOURCES',
    { title: 'POINTS', rank: 1 },
    { title: 'PROVEN', rank: 3 },
    'BLOCKS',
    { title: 'FIRST (UTC)', rank: 2 },
  ];
  const rows = rules.map((rule) => [
    rule.rule,
    rule.attack_type,
    String(rule.sightings),
    String(rule.sources),
    String(rule.points),
    String(rule.points_proven),
    String(rule.blocks),
    shortTime(rule.first_at),
  ]);
  return `Seen: what the rules saw\n${renderTable(head, rows)}`;
}

function renderBlocks({ blocks, blocks_total: total }: StoryView): string {
  if (total === 0) return 'Blocked: nobody.';
  const head = [
    { title: 'TIME (UTC)', rank: 2 },
    'TARGET',
    { title: 'WHAT', rank: 3 },
    { title: 'PROOF', rank: 6 },
    'PACKETS',
    { title: 'AFTER', rank: 1 },
    { title: 'KEPT OUT', rank: 4 },
    { title: 'RULE', rank: 5 },
    'WHY',
  ];
  const rows = blocks.map((block) => [
    shortTime(block.at),
    block.target,
    SCOPE_WORDS[block.scope],
    block.proof,
    String(block.after_packets),
    `${block.after_s.toFixed(1)}s`,
    String(block.packets_kept_out),
    block.rule ?? '-',
    block.reason,
  ]);
  const more = total > blocks.length ? `\nand ${total - blocks.length} more: --limit` : '';
  return `Blocked\n${renderTable(head, rows)}${more}`;
}

function renderProtected({ protected_hit: hit, protected_untold: untold }: StoryView): string {
  if (hit.length === 0) return 'Of the protected nobody would have been hit.';
  const head = [
    { title: 'FIRST (UTC)', rank: 2 },
    'SOURCE',
    { title: 'PROTECTED BY', wraps: true },
    { title: 'PACKETS', rank: 1 },
    { title: 'TIMES', rank: 3 },
    'RULE',
  ];
  const rows = hit.map((spared) => [
    shortTime(spared.first_at),
    spared.source,
    `${spared.peer} (${spared.from})`,
    String(spared.after_packets),
    String(spared.times),
    spared.rule ?? '-',
  ]);
  const more = untold > 0 ? `\nand ${untold} times others` : '';
  return `Spared: the protected who would have been blocked\n${renderTable(head, rows)}${more}`;
}

function renderDifference({ difference }: ReplayView): string {
  if (difference === null || difference.changes_total === 0)
    return 'None: no source fares otherwise.';
  const summary = Object.entries(difference.counts)
    .map(([change, number]) => `${count(number, 'source')}: ${CHANGE_WORDS[change] ?? change}`)
    .join('\n');
  const head = [
    'SOURCE',
    { title: 'PACKETS', rank: 1 },
    'BEFORE',
    'NOW',
    { title: 'CHANGE', wraps: true },
    'RULES',
  ];
  const rows = difference.changes.map((change) => [
    change.address,
    String(change.packets),
    change.before_packets === null ? '-' : `at ${change.before_packets}`,
    change.after_packets === null ? '-' : `at ${change.after_packets}`,
    CHANGE_WORDS[change.change] ?? change.change,
    change.rules.join(', '),
  ]);
  const left = difference.changes_total - difference.changes.length;
  const more = left > 0 ? `\nand ${left} more: --limit` : '';
  return `${summary}\n\n${renderTable(head, rows)}${more}`;
}
