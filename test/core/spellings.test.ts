import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toCoreSettings } from '../../src/agent/core-settings.js';
import { decideSettings } from '../../src/config/load.js';
import { loadRules } from '../../src/config/rules/rules.js';
import { oldestCovering } from '../../src/core/block/block-table.js';
import { createBlockState } from '../../src/core/block/decide.js';
import { createCounts } from '../../src/core/counts.js';
import { compileRules, createDetectState } from '../../src/core/detect/detect.js';
import type { Packet } from '../../src/core/model/transport.js';
import { step, type AgentState } from '../../src/core/step.js';
import { createAnswerState } from '../../src/core/trap/answer.js';
import { createPbxState } from '../../src/core/pbx/state.js';
import { createRetransmissions } from '../../src/core/trap/retransmission.js';
import { load } from '../scripts/load-script.js';
import { respell, SPELLINGS, type Random } from './respell.js';

interface Behaviour {
  readonly name: string;
  readonly types: readonly string[];
}
type Deliver = (packet: Packet, number: number, nowUs: number) => readonly Buffer[];

const { BEHAVIOURS, createRandom } = await load<{
  BEHAVIOURS: readonly Behaviour[];
  createRandom: (text: string) => Random;
}>('test/fixtures/wild/index.js');
const { enact, halfOf } = await load<{
  enact: (behaviour: Behaviour, deliver: Deliver) => unknown;
  halfOf: (behaviour: Behaviour) => 'tune' | 'held' | 'fresh';
}>('bench/detect/wild-actors.js');

const ruleSet = compileRules(await loadRules([join(import.meta.dirname, '../../rules')]));
const { settings } = decideSettings({ file: null, env: { HOME: '/' }, flags: {} }, null);
const given = { secret: Buffer.alloc(32, 7), seed: 1, observing: false };
/** By then whoever is blocked at all has been, but for the slowest. */
const PACKETS_MAX = Number(process.env['SPELLINGS_PACKETS'] ?? 150);
const SETTLE_US = 60_000_000;

const createState = (): AgentState => ({
  settings: toCoreSettings(settings, given),
  rules: ruleSet,
  detect: createDetectState(),
  retransmissions: createRetransmissions(),
  answers: createAnswerState(),
  pbx: createPbxState(),
  blocks: createBlockState(),
  nextEventId: 1,
  counts: createCounts(),
});

/** What becomes of a behaviour: the blocks that it is given, by attack type and scope; '' for none. */
function verdictOf(behaviour: Behaviour, change: (raw: string) => string): string {
  const state = createState();
  const verdicts: string[] = [];
  let settledUs = 0;
  enact(behaviour, (packet, number, nowUs) => {
    if (number > PACKETS_MAX) return [];
    if (nowUs - settledUs > SETTLE_US) {
      settledUs = nowUs;
      step(state, { kind: 'settle' }, nowUs);
    }
    if (oldestCovering(state.blocks.table, packet.source.address, nowUs) !== null) return [];
    const bytes = Buffer.from(change(packet.bytes.toString('latin1')), 'latin1');
    const effects = step(state, { kind: 'packet', packet: { ...packet, bytes } }, nowUs);
    for (const effect of effects) {
      if (effect.kind === 'block')
        verdicts.push(`${effect.block.attackType ?? ''} ${effect.block.scope}`);
    }
    return effects.flatMap((effect) => (effect.kind === 'answer' ? [effect.bytes] : []));
  });
  return [...new Set(verdicts)].sort().join(', ');
}

// The rules may be made better on this half alone, and so may the readers.
const TUNE = BEHAVIOURS.filter((behaviour) => halfOf(behaviour) === 'tune');
const plain = new Map<string, string>();

function plainVerdictOf(behaviour: Behaviour): string {
  const known = plain.get(behaviour.name) ?? verdictOf(behaviour, (raw) => raw);
  plain.set(behaviour.name, known);
  return known;
}

const RUNS = Number(process.env['SPELLINGS_RUNS'] ?? 40);

it('comes to the same verdict whatever way users and numbers are spelled', () => {
  const spellings = fc.subarray([...SPELLINGS], { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...TUNE), spellings, fc.nat(), (behaviour, mixed, seed) => {
      const random = createRandom(`${behaviour.name} ${seed}`);
      const change = (raw: string): string =>
        mixed.reduce((text, spelling) => respell(text, spelling, random), raw);
      expect(verdictOf(behaviour, change)).toBe(plainVerdictOf(behaviour));
    }),
    { numRuns: RUNS },
  );
}, 600_000);

it('comes to the same verdict over calls with a To-tag that nobody gave', () => {
  const calls = TUNE.filter(({ types }) => types[0] === 'toll_fraud');
  expect(calls.length).toBeGreaterThan(5);
  for (const behaviour of calls) {
    const tagged = (raw: string): string =>
      raw.startsWith('INVITE') ? raw.replace(/^(To: [^\r]*>)(?=\r)/m, '$1;tag=stray') : raw;
    const told = `${behaviour.name}: `;
    expect(told + verdictOf(behaviour, tagged)).toBe(told + plainVerdictOf(behaviour));
  }
});
