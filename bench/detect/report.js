// The tables of the detect bench.
import { ATTACK_TYPES } from '../../dist/core/model/attack-type.js';
import { atLeast, atMost } from '../parts/figures.js';
import { verdictOf } from './play.js';

const say = (line) => process.stdout.write(`${line}\n`);
const SLOW = /35 min|3 h/;
const PLAIN_PACKETS_MAX = 12;
const SLOW_GUESSES_MAX = 10;

const storiesOf = (attacks) =>
  attacks.flatMap((attack) =>
    [...attack.sources.values()].map((story) => ({ attack, story, verdict: verdictOf(story) })),
  );

/** Rows: what it is. Columns: what the agent says, a source each. */
export function printMatrix(attacks) {
  say('\nConfusion by source (row: what it is; column: what it is called)');
  const short = ATTACK_TYPES.map((type) =>
    type
      .split('_')
      .map((word) => word.slice(0, 4))
      .join('_'),
  );
  say(row('', [...short, 'nothing', 'sources', 'detected', 'blocked']));
  for (const type of ATTACK_TYPES) {
    const stories = storiesOf(attacks.filter((attack) => attack.type === type));
    const named = (name) =>
      stories.filter(({ verdict }) => (verdict?.type ?? null) === name).length;
    const blocked = stories.filter(({ story }) => story.block !== null).length;
    const none = named(null);
    const cells = [...ATTACK_TYPES.map((name) => named(name) || '.'), none, stories.length];
    say(
      row(type, [
        ...cells,
        percent(stories.length - none, stories.length),
        percent(blocked, stories.length),
      ]),
    );
  }
}

/** One line for each kind and way to hide. */
export function printEvasions(attacks) {
  say('\nBy way to hide (a campaign counts as found when one of its sources is)');
  say(row('', ['found', 'named right', 'blocked', 'packets', 'p95', 'seconds', 'p95']));
  for (const kind of ['tool', 'made']) {
    const evasions = new Set(
      attacks.filter((each) => each.kind === kind).map(({ evasion }) => evasion),
    );
    for (const evasion of evasions) {
      const some = attacks.filter((each) => each.kind === kind && each.evasion === evasion);
      const outcomes = some.map(outcomeOf);
      const found = outcomes.filter(({ first }) => first !== null);
      const count = (test) => `${outcomes.filter(test).length}/${some.length}`;
      say(
        row(`${kind}, ${evasion}`, [
          count(({ first }) => first !== null),
          count(({ right }) => right),
          count(({ blocked }) => blocked),
          quantile(
            found.map(({ first }) => first.packet),
            0.5,
          ),
          quantile(
            found.map(({ first }) => first.packet),
            0.95,
          ),
          seconds(
            quantile(
              found.map(({ first }) => first.atS),
              0.5,
            ),
          ),
          seconds(
            quantile(
              found.map(({ first }) => first.atS),
              0.95,
            ),
          ),
        ]),
      );
    }
  }
}

/** The campaign as a whole: packets are counted over all of its sources. */
function outcomeOf(attack) {
  const stories = [...attack.sources.values()];
  const verdicts = stories.map(verdictOf).filter((verdict) => verdict !== null);
  const first = verdicts.reduce((a, b) => (a === null || b.packet < a.packet ? b : a), null);
  return {
    first,
    right: verdicts.some(({ type }) => type === attack.type),
    blocked: stories.some(({ block }) => block !== null),
    share: stories.length,
  };
}

/** What was not found, wrongly named or not blocked, by name: the part to work on. */
export function printMisses(attacks) {
  say('\nNot found, called something else, or not blocked');
  for (const attack of attacks) {
    const stories = [...attack.sources.values()];
    const outcome = outcomeOf(attack);
    if (outcome.right && outcome.blocked) continue;
    const said = new Set(stories.map((story) => verdictOf(story)?.type ?? 'nothing'));
    const rules = new Set(stories.flatMap(({ sightings }) => sightings.map(({ rule }) => rule)));
    const what = `${outcome.blocked ? 'blocked' : 'not blocked'}, called ${[...said].join(' ')}`;
    say(`  ${attack.type}, ${attack.name}, ${attack.evasion}: ${what} (${[...rules].join(' ')})`);
  }
}

export function printBenign(benign) {
  say('\nPeers that must not be blocked');
  say(row('', ['sources', 'packets', 'blocked', 'watched']));
  for (const { name, sources } of benign) {
    const stories = [...sources.values()];
    const packets = stories.reduce((sum, story) => sum + story.packets, 0);
    const blocked = stories.filter(({ block }) => block !== null);
    const watched = stories.filter(({ sightings }) => sightings.some(({ info }) => !info)).length;
    const why = new Set(blocked.map(({ block }) => `${block.rule} at packet ${block.packet}`));
    say(
      row(name, [
        stories.length,
        packets,
        blocked.length,
        watched,
        [...why].slice(0, 2).join(', '),
      ]),
    );
  }
}

/** The goals of the project, measured. */
export function judge(title, attacks, benign) {
  const plain = attacks.filter(({ kind, evasion }) => kind === 'tool' && evasion === 'plain');
  const quick = plain.filter((attack) =>
    [...attack.sources.values()].some((story) => {
      const verdict = verdictOf(story);
      return verdict?.type === attack.type && verdict.packet <= PLAIN_PACKETS_MAX;
    }),
  );
  const hidden = attacks.filter(({ evasion }) => evasion !== 'plain');
  const found = hidden.filter((attack) => outcomeOf(attack).first !== null);
  const slow = hidden.filter(({ evasion }) => SLOW.test(evasion));
  const soon = slow.filter(
    (attack) => (outcomeOf(attack).first?.packet ?? Infinity) <= SLOW_GUESSES_MAX,
  );
  const wronged = benign
    .flatMap(({ sources }) => [...sources.values()])
    .filter(({ block }) => block !== null);
  const share = (some, all) => (100 * some.length) / all.length;
  const named = `plain tool runs rightly named within ${PLAIN_PACKETS_MAX} packets`;
  return [
    atLeast(`${named} (${title})`, share(quick, plain), '%', 100),
    atLeast(`evasions detected (${title})`, share(found, hidden), '%', 100),
    atLeast(`slow ones within ${SLOW_GUESSES_MAX} guesses (${title})`, share(soon, slow), '%', 100),
    atMost(`benign sources blocked (${title})`, wronged.length, 'sources', 0),
  ];
}

function row(title, cells) {
  return `  ${title.padEnd(44)}${cells.map((cell) => String(cell).padStart(11)).join('')}`;
}

const percent = (part, whole) => (whole === 0 ? '-' : `${Math.round((100 * part) / whole)}%`);
const seconds = (value) => (typeof value === 'number' ? value.toFixed(1) : value);

function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? '-';
}
