import type { SourceView } from '../../api/views/source.js';
import { clipText, quoteText } from '../../core/common/text.js';
import type { CountedValue } from '../../store/read/read-source.js';
import { renderEvidence, renderMisdirected, renderNear } from './near-view.js';
import { renderPairs, renderTable } from '../text/table.js';
import { shortTime, timeAgo, timeLeft } from '../../core/common/time-words.js';
import { describeScope } from '../../core/model/scope-words.js';
import { count } from '../text/words.js';

/** The story of a source for a person: who, what it did, what that scored, what was decided. */
export function renderSource(view: SourceView, nowMs: number): string {
  const pairs: [string, string][] = [
    ['source', view.address],
    ['name', view.reverse_name ?? ''],
    ['network', network(view)],
    ['counts as', countsAs(view)],
  ];
  if (view.first_seen_at !== null && view.last_seen_at !== null) {
    const first = shortTime(view.first_seen_at);
    const last = `${shortTime(view.last_seen_at)} (${timeAgo(view.last_seen_at, nowMs)})`;
    const more = view.thinned === 0 ? '' : `, and ${count(view.thinned, 'message')} only counted`;
    const seen = `${count(view.events, 'event')}${more}`;
    pairs.push(['seen', `first ${first}, last ${last}, UTC; ${seen}`]);
  }
  pairs.push(
    ['standing', standing(view)],
    ['protected', view.protected_by === null ? '' : spared(view)],
    ['methods', list(view.methods)],
    ['user agents', list(view.user_agents)],
    ['users tried', list(view.users_tried)],
    ['numbers called', list(view.called_numbers)],
    ['passwords', guesses(view)],
    ['calls answered', view.calls.length === 0 ? '' : count(view.calls.length, 'call')],
  );
  const known = pairs.filter(([, value]) => value !== '');
  const parts = [
    renderPairs(known),
    renderMisdirected(view),
    renderSightings(view),
    renderNear(view, nowMs),
    renderBlocks(view, nowMs),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** `AS64500 Example, DE`, as far as it is known. */
function network({ asn, organisation, country }: SourceView): string {
  const whose = organisation === null ? null : quoteText(organisation);
  const number = asn === null ? null : `AS${asn}`;
  const system = [number, whose].filter((part) => part !== null).join(' ');
  return [system, quoteText(country ?? '')].filter((part) => part !== '').join(', ');
}

/** The prefix, where it is more than the address, and who of it is known. */
function countsAs({ address, counts_as: prefix, addresses, addresses_known: all }: SourceView) {
  if (prefix.startsWith(`${address}/`)) return '';
  const shown = addresses.slice(0, VALUES_SHOWN);
  const more = all - shown.length;
  return `${prefix}, known by ${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

const spared = ({ protected_by: why, score, threshold }: SourceView): string =>
  score >= threshold
    ? `spared though it scored enough: ${quoteText(why ?? '')}`
    : quoteText(why ?? '');

function standing(view: SourceView): string {
  const proven = Math.round(view.score_proven);
  const share = proven === 0 ? 'none of them proven' : `${proven} of them from a proven address`;
  const since = view.blocks.some(({ origin }) => origin === 'detector')
    ? ' since its last block'
    : '';
  return `${Math.round(view.score)} points${since}, ${share}; it is blocked at ${view.threshold}`;
}

const VALUES_SHOWN = 10;
const VALUE_CHARS_MAX = 40;

function list(values: readonly CountedValue[]): string {
  const shown = values
    .slice(0, VALUES_SHOWN)
    .map(({ value, count: times }) => `${clipText(value, VALUE_CHARS_MAX)} (${times})`);
  const more = values.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function guesses({ passwords, passwords_tried: known }: SourceView): string {
  if (passwords.distinct === 0) return '';
  const all = `${count(passwords.distinct, 'password')} tried ${count(passwords.tries, 'time')}`;
  return known.length === 0 ? all : `${all}; ${list(known)}`;
}

function renderSightings(view: SourceView): string {
  const evidence = renderEvidence(view);
  if (view.sightings.length === 0) return `Why: no rule has fired for it.${evidence}`;
  return `Why: what the rules saw${evidence}\n${renderFirings(view)}`;
}

function renderFirings({ sightings }: SourceView): string {
  const head = [
    { title: 'TIME (UTC)', rank: 1 },
    'RULE',
    { title: 'V', rank: 5 },
    { title: 'ATTACK TYPE', rank: 4 },
    { title: 'POINTS', rank: 2 },
    { title: 'PROVEN', rank: 3 },
    'WHAT WAS SEEN',
  ];
  const rows = [...sightings]
    .reverse()
    .map((sighting) => [
      shortTime(sighting.at),
      sighting.rule,
      String(sighting.rule_version),
      sighting.attack_type,
      String(sighting.points),
      String(sighting.points_proven),
      sighting.reason,
    ]);
  return renderTable(head, rows);
}

function renderBlocks({ blocks }: SourceView, nowMs: number): string {
  if (blocks.length === 0) return 'Decided: it was never blocked.';
  const head = [
    { title: 'SINCE (UTC)', rank: 1 },
    'TARGET',
    { title: 'BLOCKED', wraps: true },
    'LEFT',
    { title: 'PROOF', rank: 2 },
    'WHY',
  ];
  const rows = [...blocks]
    .reverse()
    .map((block) => [
      shortTime(block.created_at),
      block.target,
      describeScope(block),
      block.end_how ?? timeLeft(block.expires_at, nowMs),
      block.proof,
      block.reason,
    ]);
  return `Decided: blocks\n${renderTable(head, rows)}`;
}
