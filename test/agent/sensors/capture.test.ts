import { describe, expect, it } from 'vitest';
import { createIsOfTrap } from '../../../src/agent/sensors/capture.js';
import { loadSettings } from '../../../src/config/load.js';

const PEER = { address: '203.0.113.7', port: 5060 };
/** An address that every host has, as the system lists it. */
const HOST = { address: '127.0.0.1', port: 5060 };

async function isOfTrap(listenAddress: string) {
  const flags = { listen_address: listenAddress };
  const { settings } = await loadSettings({ file: null, env: { HOME: '/root' }, flags });
  return createIsOfTrap(settings, () => 0);
}

describe('a captured message', () => {
  it.each([
    ['to the trap', '0.0.0.0', PEER, HOST, true],
    ['from the trap', '0.0.0.0', HOST, PEER, true],
    ['to another port of its host', '0.0.0.0', PEER, { ...HOST, port: 5062 }, false],
    [
      'to the same port of another host',
      '0.0.0.0',
      PEER,
      { address: '192.0.2.1', port: 5060 },
      false,
    ],
    ['to another address of its host', '192.0.2.1', PEER, HOST, false],
    [
      'to the only address of the trap',
      '192.0.2.1',
      PEER,
      { address: '192.0.2.1', port: 5060 },
      true,
    ],
  ])('%s', async (_, listen, source, local, expected) => {
    expect((await isOfTrap(listen))({ source, local })).toBe(expected);
  });
});
