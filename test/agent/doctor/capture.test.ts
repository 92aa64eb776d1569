import { describe, expect, it } from 'vitest';
import { examineCapture, judgeCapture } from '../../../src/agent/doctor/capture.js';
import { loadSettings } from '../../../src/config/load.js';

const RIGHTS = {
  ...{ who: 'the agent (pid 7)', descriptorsMax: null, unprivilegedPort: 1_024 },
  capabilities: 1n << 13n,
};
const HERE = { installed: true, present: true };

describe('doctor on a capture', () => {
  it.each([
    ['all is there', 'tcpdump', RIGHTS, HERE, 'ok', /^tcpdump on eth0$/],
    [
      'it is not installed',
      'dumpcap',
      RIGHTS,
      { ...HERE, installed: false },
      'fail',
      /dumpcap is not installed/,
    ],
    [
      'the interface is away',
      'tcpdump',
      RIGHTS,
      { ...HERE, present: false },
      'warn',
      /no interface eth0/,
    ],
    [
      'the right is missing',
      'tcpdump',
      { ...RIGHTS, capabilities: 1n << 12n },
      HERE,
      'fail',
      /no CAP_NET_RAW/,
    ],
    [
      'its rights cannot be read',
      'tcpdump',
      { ...RIGHTS, capabilities: null },
      HERE,
      'unknown',
      /cannot be read/,
    ],
    [
      'dumpcap may have rights of its own',
      'dumpcap',
      { ...RIGHTS, capabilities: 0n },
      HERE,
      'ok',
      /dumpcap/,
    ],
  ] as const)('%s', (_, program, rights, place, outcome, what) => {
    const finding = judgeCapture({ interface: 'eth0', program }, rights, place);
    expect(finding.outcome).toBe(outcome);
    expect(finding.what).toMatch(what);
    if (outcome !== 'ok') expect(finding.remedy).not.toBeNull();
  });

  it('says nothing where none is asked for, and looks at this host where one is', async () => {
    const load = async (flags: Readonly<Record<string, string>>) =>
      (await loadSettings({ file: null, env: { HOME: '/root' }, flags })).settings;
    expect(examineCapture(await load({}), RIGHTS)).toEqual([]);
    const [found] = examineCapture(await load({ 'capture.interface': 'no-such-0' }), RIGHTS);
    expect(found?.outcome).not.toBe('ok');
  });
});
