// How well and how dearly the built-in rules tell attacks from peers:
// npm run bench -- detect [--seed N] [--only quality|wild|cost] [--verbose] [--held] [--fresh]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileRules } from '../dist/core/detect/detect.js';
import { loadRules } from '../dist/config/rules/rules.js';
import { createBenign } from './detect/benign.js';
import { createCampaigns } from './detect/campaigns.js';
import { readCorpus } from './detect/corpus.js';
import { measureCost } from './detect/cost.js';
import { createRandom, EVASIONS } from './detect/messages.js';
import { play } from './detect/play.js';
import { judge, printBenign, printEvasions, printMatrix, printMisses } from './detect/report.js';
import { figuresOfWild, printWild, runWild } from './detect/wild-report.js';

export const ABOUT = 'what the rules find, what they wrongly block, and what they cost';

const RULES = join(import.meta.dirname, '../rules');
/** A recorded run has its own times, so only what leaves those alone is done to it. */
const RECORDED_EVASIONS = ['plain', 'renamed', 'ports change', 'compact', 'tcp'];

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      verbose: { type: 'boolean', default: false },
      held: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
    },
  });
  const rules = await loadRules([RULES]);
  const seed = Number(values.seed);
  const measured = { figures: [], yardsticks: [] };
  if (['', 'quality'].includes(values.only)) {
    for (const [title, some] of [
      ['all rules', rules],
      ['without the rules that know a tool by name or make', rules.filter(isBehaviour)],
    ]) {
      measured.figures.push(...measureQuality(title, some, seed));
    }
  }
  if (['', 'wild'].includes(values.only)) {
    const results = runWild(rules);
    printWild(results, values);
    const { figures, yardsticks } = figuresOfWild(results);
    measured.figures.push(...figures);
    measured.yardsticks.push(...yardsticks);
  }
  if (['', 'cost'].includes(values.only)) {
    const { figures, yardsticks } = await measureCost(rules);
    measured.figures.push(...figures);
    measured.yardsticks.push(...yardsticks);
  }
  return measured;
}

const isBehaviour = ({ basis }) => basis === 'behaviour';

function measureQuality(title, rules, seed) {
  const ruleSet = compileRules(rules);
  const severities = new Map(rules.map(({ id, severity }) => [id, severity]));
  const corpus = readCorpus();
  const attacks = [
    ...labelled(corpus?.attacks ?? [], RECORDED_EVASIONS, 'tool'),
    ...labelled(createCampaigns(createRandom(seed)), Object.keys(EVASIONS), 'made'),
  ].map((attack) => ({ ...attack, sources: play(ruleSet, severities, attack.packets) }));
  const benign = [
    ...(corpus?.benign ?? []).map(({ name, packets }) => ({ name: `recorded: ${name}`, packets })),
    ...Object.entries(createBenign(createRandom(seed), corpus?.folder ?? null)).map(
      ([name, packets]) => ({ name, packets }),
    ),
  ].map((peer) => ({ ...peer, sources: play(ruleSet, severities, peer.packets) }));
  say(`\n=== ${title}: ${rules.length} rules, seed ${seed}`);
  if (corpus === null) say('SIP_CORPORA is not set: no recorded traffic');
  printMatrix(attacks);
  printEvasions(attacks);
  printMisses(attacks);
  printBenign(benign);
  return judge(title, attacks, benign);
}

/** Each campaign with each way to hide that it can be given. */
function labelled(campaigns, evasions, kind) {
  return campaigns.flatMap(({ type, name, packets, fast = false }) =>
    evasions
      .filter((evasion) => !(fast && /3 h|35 min/.test(evasion)))
      .map((evasion) => ({ type, name, kind, evasion, packets: EVASIONS[evasion](packets) })),
  );
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
