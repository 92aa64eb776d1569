import { expect, it } from 'vitest';
import { viewSource } from '../../../src/api/views/source.js';
import { restoreMemory } from '../../../src/agent/state/restore-memory.js';
import { scoreOf } from '../../../src/core/detect/detect.js';
import { createReplayState } from '../../../src/replay/create-state.js';
import { openReader } from '../../../src/store/read/reader.js';
import { makeSettings } from '../../core/trap/message.js';
import { DEFAULT_POLICY } from '../../default-policy.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleBlock,
  sampleSighting,
  START_US,
} from '../../store/samples.js';

const BLOCKED = '203.0.113.7';
const FREE = '203.0.113.8';

const at = (seconds: number, change: object) =>
  sampleSighting({ atUs: START_US + seconds * 1_000_000, source: BLOCKED, ...change });

const UNKNOWN = { reverseName: null, asn: null, organisation: null, country: null, problems: [] };

/**
 * What the agent knows after a restart, a moment after the last of the sightings, which is what
 * `sources show` says of a source, too.
 */
async function scoresAfter(
  sightings: readonly ReturnType<typeof at>[],
  change: Parameters<typeof sampleBlock>[1] = {},
) {
  const { store, databaseFile } = await openSampleStore();
  store.write(batchOf({ sightings, blocks: [sampleBlock(1, change)] }));
  await store.flush();
  const reader = closeAfterTest(await openReader(databaseFile));
  const answers = makeSettings();
  // Long enough for nothing of a score to go.
  const settings = { policy: DEFAULT_POLICY, scoreHalfLifeS: 1e9, answers, seed: 1 };
  const state = createReplayState({ settings, protect: [], sipPorts: [5060] }, []);
  const nowUs = START_US + 60_000_000;
  await restoreMemory({ state, reader, nowUs: () => nowUs });
  return async (source: string) => {
    const { total, proven } = scoreOf(state.detect, source, nowUs, settings);
    const story = await reader.showSource(source);
    if (story === null) throw new Error(`nothing is known of ${source}`);
    const { threshold } = DEFAULT_POLICY;
    const shown = viewSource(story, { threshold, policy: settings, nowUs, known: UNKNOWN });
    expect([shown.score, shown.score_proven]).toEqual([total, proven]);
    return [Math.round(total), Math.round(proven)];
  };
}

it('brings the score back that a source was not blocked for', async () => {
  const of = await scoresAfter([at(1, { source: FREE, points: 90, pointsProven: 40 })]);
  expect(await of(FREE)).toEqual([90, 40]);
});

it('adds up what the addresses of one IPv6 prefix scored', async () => {
  const { store, databaseFile } = await openSampleStore();
  const of = (source: string) => at(1, { source, points: 40, pointsProven: 10 });
  const sightings = [of('2001:db8:1:2::7'), of('2001:db8:1:2:3::8'), of('2001:db8:1:3::9')];
  store.write(batchOf({ sightings }));
  await store.flush();
  const reader = closeAfterTest(await openReader(databaseFile));
  const settings = {
    policy: DEFAULT_POLICY,
    scoreHalfLifeS: 1e9,
    answers: makeSettings(),
    seed: 1,
  };
  const state = createReplayState({ settings, protect: [], sipPorts: [5060] }, []);
  const nowUs = START_US + 60_000_000;
  await restoreMemory({ state, reader, nowUs: () => nowUs });
  const scored = ['2001:db8:1:2::/64', '2001:db8:1:3::/64'].map((identity) =>
    Math.round(scoreOf(state.detect, identity, nowUs, settings).total),
  );
  expect(scored).toEqual([80, 40]);
});

it('leaves out what led to a block, and what came while that stood', async () => {
  const of = await scoresAfter([
    at(0, { points: 100 }),
    at(1, { points: 60, pointsProven: 0 }),
    at(2, { points: 60, pointsProven: 30 }),
    at(3, { points: 10, pointsProven: 0 }),
  ]);
  // The proven points may still make a proven block of it.
  expect(await of(BLOCKED)).toEqual([40, 30]);
});

it('leaves out what came while a proven block stood', async () => {
  const proven = (seconds: number) => at(seconds, { points: 60, pointsProven: 60 });
  const block = { proof: 'tcp', scope: 'all' } as const;
  const of = await scoresAfter([proven(1), proven(2), proven(3)], block);
  expect(await of(BLOCKED)).toEqual([60, 60]);
});

it('keeps what came while its source was heard still', async () => {
  const proven = (seconds: number) => at(seconds, { points: 60, pointsProven: 60 });
  const block = { proof: 'tcp', scope: 'beside' } as const;
  const of = await scoresAfter([proven(1), proven(2), proven(3)], block);
  expect(await of(BLOCKED)).toEqual([180, 180]);
});

it('takes the points of one event together, as when it came', async () => {
  const one = [at(1, { points: 100 }), at(1, { points: 60, rule: 'another' })];
  expect(await (await scoresAfter(one))(BLOCKED)).toEqual([0, 0]);
});

it.each([
  ['had ended', { expiresAtUs: START_US + 500_000 }],
  ['was only simulated', { simulated: true }],
])('brings the score back of a source whose block %s', async (_how, change) => {
  const of = await scoresAfter([at(1, { points: 160 })], change);
  expect(await of(BLOCKED)).toEqual([160, 0]);
});
