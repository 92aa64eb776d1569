import { expect, it } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import type { Effect } from '../../src/core/flow.js';
import { REPLAY_SECRET, REPLAY_SEED } from '../../src/replay/create-state.js';
import { createRun, feed, passTime } from '../../src/replay/run.js';
import { makeSettings } from '../core/trap/message.js';
import { DEFAULT_POLICY } from '../default-policy.js';
import { sip } from '../records/captures.js';

it('tells a request to a PBX that nobody answered, once its time has passed without a packet', () => {
  const answers = makeSettings({ realm: 'pbx.example', secret: REPLAY_SECRET });
  const settings = {
    ...{ policy: DEFAULT_POLICY, scoreHalfLifeS: 3_600, answers, seed: REPLAY_SEED },
  };
  const heard: Effect[] = [];
  const run = createRun({ settings, protect: [], sipPorts: [5060] }, [], (effect) => {
    heard.push(effect);
  });
  const answerUs = LIMITS.mirroredAnswerS * 1_000_000;
  passTime(run, answerUs);
  const packet = {
    receivedAtUs: 1_767_225_600_000_000,
    transport: 'udp',
    bytes: sip('REGISTER'),
    source: { address: '203.0.113.7', port: 5060 },
    local: { address: '192.0.2.1', port: 5060 },
  } as const;
  feed(run, { packet, mirror: 'capture' });
  passTime(run, answerUs - 1);
  expect(heard).toEqual([]);
  passTime(run, answerUs);
  expect(heard).toMatchObject([
    { kind: 'event', record: { sensor: 'capture', outcome: 'unanswered' } },
  ]);
});
