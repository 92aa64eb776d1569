// Prints how the behaviours of test/fixtures/wild fare: in each half, here and with others.
import { compileRules } from '../../dist/core/detect/detect.js';
import { parseMessage } from '../../dist/core/sip/parse.js';
import { step } from '../../dist/core/step.js';
import { BEHAVIOURS } from '../../test/fixtures/wild/index.js';
import { atLeast, atMost, measuredBy, noted } from '../parts/figures.js';
import { createOthers, linesOf } from './pbx-logs.js';
import { createState } from './play.js';
import { enact, halfOf, START_US } from './wild-actors.js';
import { isInTime, judgeWild, playWild } from './wild.js';

const ATTACKS = ['right', 'misnamed', 'late', 'seen', 'missed'];
const HONEST = ['free', 'sip', 'hard'];
const HALVES = ['tune', 'held'];
const PARTS = [...HALVES, 'fresh'];
const ATTACKS_HERE = 'described attacks blocked in time, under whatever name';
const HONEST_HERE = 'honest peers kept off the SIP ports or blocked wholly';

/** Every behaviour with its verdicts, ours and the others'. */
export function runWild(rules) {
  const ruleSet = compileRules(rules);
  const severities = new Map(rules.map(({ id, severity }) => [id, severity]));
  return BEHAVIOURS.map((behaviour) => {
    const story = playWild(behaviour, ruleSet, severities);
    const verdict = judgeWild(behaviour, story);
    return { behaviour, half: halfOf(behaviour), story, verdict, others: playOthers(behaviour) };
  });
}

/** Before a trap without rules, which nobody is blocked from: a PBX would have seen all of it. */
function playOthers(behaviour) {
  const state = createState(compileRules([]));
  const others = createOthers();
  const found = Object.keys(others).map((name) => [name, { first: null, blocked: new Set() }]);
  const played = enact(behaviour, (packet, number, nowUs) => {
    const { address } = packet.source;
    const lines = linesOf(parseMessage(packet.bytes), packet.transport);
    for (const [name, ban] of found) {
      if (!others[name](address, lines, (nowUs - START_US) / 1e6)) continue;
      ban.first ??= number;
      ban.blocked.add(address);
    }
    const effects = step(state, { kind: 'packet', packet }, nowUs);
    return effects.filter(({ kind }) => kind === 'answer').map(({ bytes }) => bytes);
  });
  return Object.fromEntries(
    found.map(([name, { first, blocked }]) => {
      const inTime = first !== null && isInTime(behaviour.packets, first, { ...played, blocked });
      return [name, { first, verdict: first === null ? 'missed' : inTime ? 'in time' : 'late' }];
    }),
  );
}

/** `verbose`: a line for each behaviour; of the half that is held back only with `held`. */
export function printWild(results, { verbose, held, fresh }) {
  const isShown = ({ half }) => half === 'tune' || { held, fresh }[half] === true;
  const of = (kind) => results.filter(({ behaviour }) => behaviour.kind === kind);
  const [attacks, peers] = [of('attack'), of('honest')];
  say(`\n=== Described behaviours: ${attacks.length} attacks, ${peers.length} honest peers`);
  for (const result of results) {
    if (verbose && isShown(result)) say(lineOf(result));
  }
  say('\nAttacks         tune  held fresh   all');
  for (const verdict of ATTACKS) say(row(verdict, attacks, (result) => result.verdict === verdict));
  say(row('total', attacks, () => true));
  for (const half of PARTS) {
    const some = attacks.filter((result) => result.half === half);
    const right = some.filter(({ verdict }) => verdict === 'right').length;
    say(`  ${half}: ${((100 * right) / some.length).toFixed(1)} % named and blocked in time`);
  }
  say('\nHonest peers    tune  held fresh   all');
  for (const verdict of HONEST) say(row(verdict, peers, (result) => result.verdict === verdict));
  say('\nWithout names   attacks: in time  late  missed   honest banned');
  say(othersRow('here', attacks, peers, hereVerdict, ({ verdict }) => verdict !== 'free'));
  for (const name of Object.keys(results[0].others)) {
    const verdictOf = ({ others }) => others[name].verdict;
    const isBanned = ({ others }) => others[name].first !== null;
    say(othersRow(name, attacks, peers, verdictOf, isBanned));
  }
  for (const verdict of [...ATTACKS.slice(1), 'sip', 'hard']) printNames(verdict, results, isShown);
}

/** What of it is kept: the halves, the honest peers, and what the others would have done. */
export function figuresOfWild(results) {
  const of = (kind) => results.filter(({ behaviour }) => behaviour.kind === kind);
  const [attacks, peers] = [of('attack'), of('honest')];
  const shares = HALVES.map((half) => {
    const some = attacks.filter((result) => result.half === half);
    return (100 * some.filter(({ verdict }) => verdict === 'right').length) / some.length;
  });
  const figures = HALVES.map((half, at) =>
    atLeast(`described attacks named and blocked in time (${half})`, shares[at], '%', 95),
  );
  const countOf = (some, isIt) => some.filter(isIt).length;
  figures.push(
    atMost('difference between the halves', Math.abs(shares[0] - shares[1]), 'points', 5),
    noted(
      ATTACKS_HERE,
      countOf(attacks, (one) => hereVerdict(one) === 'in time'),
      'attacks',
    ),
    noted(
      HONEST_HERE,
      countOf(peers, ({ verdict }) => verdict !== 'free'),
      'peers',
    ),
  );
  const yardsticks = Object.keys(results[0].others).flatMap((name) => {
    const inTime = countOf(attacks, ({ others }) => others[name].verdict === 'in time');
    const banned = countOf(peers, ({ others }) => others[name].first !== null);
    return [
      measuredBy(`${name}: described attacks blocked in time`, inTime, 'attacks'),
      measuredBy(`${name}: honest peers banned`, banned, 'peers'),
    ];
  });
  return { figures, yardsticks };
}

/** Who makes rules better must not look at the half that is held back, so its names are not shown. */
function printNames(verdict, results, isShown) {
  const some = results.filter((result) => result.verdict === verdict);
  if (some.length === 0) return;
  say(`\n${verdict}:`);
  const shown = some.filter(isShown);
  for (const result of shown)
    say(`  ${result.half}  ${result.behaviour.name}${told(result.story)}`);
  for (const part of PARTS) {
    const hidden = some.filter((one) => one.half === part && !isShown(one)).length;
    if (hidden > 0) say(`  ${part}  ${hidden} (--${part} names them)`);
  }
}

const hereVerdict = ({ verdict, story }) =>
  ['right', 'misnamed'].includes(verdict) ? 'in time' : story.block === null ? 'missed' : 'late';

function row(title, results, isIt) {
  const count = (some) => String(some.filter(isIt).length).padStart(6);
  const halves = PARTS.map((half) => count(results.filter((result) => result.half === half)));
  return `  ${title.padEnd(12)}${halves.join('')}${count(results)}`;
}

function othersRow(title, attacks, peers, verdictOf, isBanned) {
  const counts = ['in time', 'late', 'missed'].map((verdict) =>
    String(attacks.filter((result) => verdictOf(result) === verdict).length).padStart(7),
  );
  return `  ${title.padEnd(22)}${counts.join('')}${String(peers.filter(isBanned).length).padStart(14)}`;
}

/** What a story comes to, in words. */
function told({ block, hard, best, packets }) {
  const scope = ({ scope: reach, proven }) => `${reach}${proven ? ', proven' : ''}`;
  if (block !== null) {
    const later = hard !== null && hard !== block ? `; hard at ${hard.packet}` : '';
    return `: ${block.type} (${block.rule}), ${scope(block)}, packet ${block.packet} of ${packets}${later}`;
  }
  if (best !== null) return `: ${best.points} points for ${best.type} (${best.rule}), no block`;
  return ': nothing';
}

function lineOf({ behaviour, half, story, verdict, others }) {
  const { name, kind, packets } = behaviour;
  const seen = story.sighting === null ? '' : `; first seen at ${story.sighting.packet}`;
  const theirs = Object.entries(others).map(([who, { first }]) => `${who} ${first ?? 'never'}`);
  const known = kind === 'attack' ? ` (a person: ${packets})` : '';
  return `${verdict.padEnd(9)}${half}  ${kind} ${name}${known}${told(story)}${seen} | ${theirs.join(', ')}`;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
