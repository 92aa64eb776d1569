import { expect, it } from 'vitest';
import type { RunningAgent } from '../../../src/agent/agent.js';
import { renderBanner } from '../../../src/cli/views/banner.js';
import { decideSettings } from '../../../src/config/load.js';

const none = () => Promise.resolve();
const agent: RunningAgent = {
  listening: [],
  apiUrl: 'http://127.0.0.1:8080',
  enforcing: true,
  why: 'nftables',
  protectedPeers: [],
  activeBlocks: 0,
  reload: none,
  broken: new Promise(() => undefined),
  stop: none,
};
const env = { XDG_STATE_HOME: '/state' };
const around = {
  version: '1',
  program: 'agent',
  terminal: false,
  trialDatabase: '/state/sentrypeer/sentrypeer.db',
};

it('says that a file of one line ends the trial: where data lie now, and that the table stays', () => {
  const loaded = decideSettings({ file: 'a.conf', env, flags: {} }, 'listen_port = 5070\n');
  const banner = renderBanner(agent, loaded, around);
  expect(banner).toContain('no trial: configuration a.conf');
  expect(banner).toContain('/var/lib/sentrypeer/sentrypeer.db, logs in /var/log/sentrypeer');
  expect(banner).toContain('/state/sentrypeer/sentrypeer.db of your trials');
  expect(banner).toContain('the table stays when the agent stops');
});

it('says where the dashboard and the HTTP API are, and nothing of them where they are off', () => {
  const loaded = decideSettings({ file: null, env, flags: {} }, null);
  expect(renderBanner(agent, loaded, around)).toMatch(
    /^dashboard +http:\/\/127\.0\.0\.1:8080\/\nHTTP API +http:\/\/127\.0\.0\.1:8080\/api\/docs$/m,
  );
  expect(renderBanner({ ...agent, apiUrl: null }, loaded, around)).not.toContain('HTTP');
});

it('says that a trial is one, and never twice that it observes', () => {
  const loaded = decideSettings({ file: null, env, flags: {} }, null);
  const why = 'observing, not blocking: nft is not there';
  const banner = renderBanner({ ...agent, enforcing: false, why }, loaded, around);
  expect(banner).toContain('a trial: no configuration file');
  expect(banner).toMatch(/^blocking +observing, not blocking: nft is not there$/m);
  expect(banner).not.toContain('of your trials');
});
