import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createDiscovery,
  parseGateways,
  parseGatewaysIpv6,
  parseResolvers,
  parseSshPeers,
} from '../../../src/agent/peers/discover-peers.js';

const ROUTE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF`;
const ROUTE6 = [
  '00000000000000000000000000000000 00 00000000000000000000000000000000 00',
  'fe800000000000000000000000000001 00000400 00000001 00000000 00450003 eth0',
].join(' ');
const LINK6 =
  'fe800000000000000000000000000000 40 00000000000000000000000000000000 00 ' +
  '00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0';
const SSH = '   1: 0100A8C0:0016 076433C6:D431 01 00000000:00000000 02:000A 0 0 0 2 0';
const OTHER = '   2: 0100A8C0:1F90 086433C6:D431 01 00000000:00000000 02:000A 0 0 0 2 0';
const WAITING = '   3: 0100A8C0:0016 096433C6:D431 06 00000000:00000000 02:000A 0 0 0 2 0';

describe('what is found on this host', () => {
  it.each([
    ['the default gateway', parseGateways(ROUTE), ['192.168.0.1']],
    ['no gateway in what is no table', parseGateways('x\n00000000\n\t00000000\tzz'), []],
    [
      'the IPv6 default gateway',
      parseGatewaysIpv6(`${ROUTE6}\n${LINK6}`),
      ['fe80:0000:0000:0000:0000:0000:0000:0001'],
    ],
    [
      'resolvers',
      parseResolvers('# x\nnameserver 9.9.9.9\n nameserver fe80::1%eth0\n'),
      ['9.9.9.9', 'fe80::1%eth0'],
    ],
    [
      'established SSH connections alone',
      parseSshPeers([SSH, OTHER, WAITING, 'junk'].join('\n')).map(({ address }) => address),
      ['198.51.100.7'],
    ],
    [
      'SSH over IPv6',
      parseSshPeers(
        ' 0: B80D0120000000000000000001000000:0016 B80D0120000000000000000002000000:D431 01 0',
      ).map(({ address }) => address),
      ['2001:0db8:0000:0000:0000:0000:0000:0002'],
    ],
  ])('%s', (_what, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('discovery', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'discover-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('takes an SSH peer of the first look at once, a later one when it has lasted', async () => {
    const file = (name: string): string => join(folder, name);
    const discovery = createDiscovery(
      { SSH_CONNECTION: '203.0.113.9 5000 192.0.2.1 22' },
      {
        route: file('absent'),
        routeIpv6: file('absent'),
        resolvers: file('absent'),
        tcp: file('tcp'),
        tcpIpv6: file('absent'),
      },
    );
    const sshPeers = async (second: number): Promise<string[]> =>
      (await discovery.find(second * 1e6))
        .filter(({ from }) => from.startsWith('SSH'))
        .map(({ target }) => target);
    await writeFile(file('tcp'), SSH);
    expect(await sshPeers(0)).toEqual(['203.0.113.9/32', '198.51.100.7/32']);
    // An attacker who tries passwords has a connection too, but sshd ends it after two minutes.
    await writeFile(file('tcp'), `${SSH}\n${SSH.replace('0764', '0A64')}`);
    expect(await sshPeers(60)).not.toContain('198.51.100.10/32');
    expect(await sshPeers(120)).not.toContain('198.51.100.10/32');
    expect(await sshPeers(240)).toContain('198.51.100.10/32');
    await writeFile(file('tcp'), '');
    expect(await sshPeers(300)).toEqual(['203.0.113.9/32']);
  });

  it('always finds loopback', async () => {
    const found = await createDiscovery({}).find(0);
    expect(found.map(({ target }) => target)).toEqual(
      expect.arrayContaining(['127.0.0.0/8', '::1/128']),
    );
  });
});
