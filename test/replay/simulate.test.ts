import { makeSettings } from '../core/trap/message.js';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../src/config/rules/rules.js';
import { parseMessage } from '../../src/core/sip/parse.js';
import { REPLAY_SECRET, REPLAY_SEED } from '../../src/replay/create-state.js';
import { createRun } from '../../src/replay/run.js';
import { CAMPAIGNS, startCampaign } from '../../src/replay/simulate/campaigns.js';
import { runCampaign } from '../../src/replay/simulate/run-campaign.js';
import { DEFAULT_POLICY } from '../default-policy.js';

const rules = await loadRules([join(import.meta.dirname, '../../rules')]);
const ADDRESS = '203.0.113.66';

function simulate(name: (typeof CAMPAIGNS)[number], marked: boolean, packets = 30) {
  const settings = {
    policy: DEFAULT_POLICY,
    scoreHalfLifeS: 3_600,
    answers: makeSettings({ realm: 'pbx.example', secret: REPLAY_SECRET }),
    seed: REPLAY_SEED,
  };
  const run = createRun({ settings, protect: [], sipPorts: [5060] }, rules);
  const told = runCampaign(run, name, { address: ADDRESS, marked }, packets);
  return { told, story: run.story };
}

describe.each(CAMPAIGNS)('%s', (name) => {
  it('sends messages without an oddity, whatever address it comes from', () => {
    for (const address of [ADDRESS, '2001:db8::7']) {
      const campaign = startCampaign(name, { address, marked: true });
      for (let n = 0; n < 20; n += 1) {
        const shot = campaign.next(null);
        if (shot.done === true) throw new Error('a campaign has no end');
        expect(parseMessage(shot.value.bytes).anomalies).toEqual([]);
      }
    }
  });

  it('tells the same story each time', () => {
    expect(simulate(name, true).told).toEqual(simulate(name, true).told);
  });
});

describe('a simulated tool', () => {
  it.each(['svmap', 'svwar', 'svcrack'] as const)(
    '%s is known by its marks at its second packet',
    (name) => {
      const { told, story } = simulate(name, true);
      expect(story.blocks[0]?.block.rule).toBe(`sipvicious-${name}`);
      // The first two come in: one packet alone anybody can forge.
      expect(story.keptOut).toBe(told.length - 2);
    },
  );

  it('svcrack takes up the challenge: its guesses prove its address', () => {
    const { told, story } = simulate('svcrack', false);
    expect(told.slice(0, 3).map(({ answered }) => answered)).toEqual([401, 401, 401]);
    expect(story.blocks[0]?.block).toMatchObject({ scope: 'all', proof: 'nonce' });
  });
});
