import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lab } from './lab.js';
import { createNftRig, desired, SIP_PORT, type NftRig } from './nft-rig.js';
import { requireLab } from './require-lab.js';
import { startTalker, type Outcome, type Probe, type Talker } from './talker.js';
import type { DesiredFirewall } from '../../src/firewall/port.js';

const needs = requireLab(['nft']);
const OTHER_PORT = 7000;
const IPV4 = '192.0.2.7';
const IPV6 = '2001:db8:7::7';

describe.skipIf(needs.skip)(`packets and nftables in a real kernel ${needs.note}`, () => {
  let lab: Lab;
  let firewall: NftRig['firewall'];
  let add: NftRig['add'];
  let remove: NftRig['remove'];
  let agent: Talker;
  let attacker: Talker;
  let flows = 0;

  const freshFlow = (): string => `flow-${String((flows += 1))}`;
  const agentAddress = (from: string): string =>
    from.includes(':') ? lab.agent.ipv6 : lab.agent.ipv4;

  /** Probes the agent's side from an address of the attacker. */
  const knock = (from: string, port = SIP_PORT, flow = freshFlow()): Promise<Outcome> =>
    attacker.udp({ flow, from, to: agentAddress(from), port });

  beforeAll(async () => {
    ({ lab, firewall, add, remove } = await createNftRig());
    for (const address of [IPV4, IPV6]) await lab.addAttackerAddress(address);
    agent = startTalker(lab.agent);
    attacker = startTalker(lab.attacker);
    for (const port of [SIP_PORT, OTHER_PORT]) {
      await agent.listen(port);
      await attacker.listen(port);
    }
  });

  afterAll(async () => {
    await lab.close();
  });

  beforeEach(async () => {
    await firewall.sync(desired());
  });

  it.each([
    [IPV4, `${IPV4}/32`, 'an address'],
    [IPV4, '192.0.2.0/24', 'its /24'],
    [IPV6, `${IPV6}/128`, 'an address'],
    [IPV6, '2001:db8:7::/64', 'its /64'],
  ])('drops what comes from %s when %s (%s) is blocked, and counts it', async (from, target) => {
    expect(await knock(from)).toBe('answer');
    await add(target);
    expect(await knock(from)).toBe('silence');
    expect(await knock(from, OTHER_PORT)).toBe('silence');
    const [block, ...others] = (await firewall.read()).blocks;
    expect(others).toEqual([]);
    expect(block).toMatchObject({ target, scope: 'all', packetsDropped: 2 });
    expect(block?.expiresS).toBeGreaterThan(590);
    await remove(target);
    expect(await knock(from)).toBe('answer');
    expect((await firewall.read()).blocks).toEqual([]);
  });

  it.each([IPV4, IPV6])('stops an established UDP flow from %s', async (from) => {
    const flow = freshFlow();
    expect(await knock(from, SIP_PORT, flow)).toBe('answer');
    expect(await knock(from, SIP_PORT, flow)).toBe('answer');
    await add(from.includes(':') ? '2001:db8:7::/64' : `${from}/32`, 'sip');
    expect(await knock(from, SIP_PORT, flow)).toBe('silence');
  });

  it.each([IPV4, IPV6])(
    'stops an established TCP connection from %s, and new ones',
    async (from) => {
      const probe = { flow: freshFlow(), from, to: agentAddress(from), port: SIP_PORT };
      expect(await attacker.tcp(probe)).toBe('answer');
      await add(from.includes(':') ? `${from}/128` : `${from}/32`);
      expect(await attacker.tcp(probe)).toBe('silence');
      expect(await attacker.tcp({ ...probe, flow: freshFlow() })).toBe('silence');
    },
  );

  it('covers a port that is forwarded to another machine, for the port that was asked', async () => {
    // As a container's published port: the destination is changed after our hook.
    const nat = [
      'table ip published {',
      ' chain there { type nat hook prerouting priority dstnat; ',
      `  udp dport 5071 dnat to ${lab.attacker.ipv4}:${OTHER_PORT}; }`,
      ' chain back { type nat hook postrouting priority srcnat; ',
      `  ip daddr ${lab.attacker.ipv4} udp dport ${OTHER_PORT} masquerade; }`,
      '}',
    ];
    await lab.agent.exec('nft', ['-f', '-'], { input: nat.join('\n') });
    await lab.agent.exec('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
    await firewall.sync(desired({ sipPorts: [SIP_PORT, 5071] }));
    expect(await knock(IPV4, 5071)).toBe('answer');
    await add(`${IPV4}/32`, 'sip');
    expect(await knock(IPV4, 5071)).toBe('silence');
    await remove(`${IPV4}/32`, 'sip');
    await add('192.0.2.0/24');
    expect(await knock(IPV4, 5071)).toBe('silence');
    await lab.agent.exec('nft', ['delete', 'table', 'ip', 'published']);
  });

  it('leaves other ports open to a source that is blocked on the SIP ports only', async () => {
    await add(`${IPV4}/32`, 'sip');
    expect(await knock(IPV4, SIP_PORT)).toBe('silence');
    expect(await knock(IPV4, OTHER_PORT)).toBe('answer');
  });

  it('lets answers to own requests through a block of scope sip, not of scope all', async () => {
    // This host asks from a SIP port of its own, as a PBX asks a trunk; the answer comes there.
    const trunk = lab.attacker.ipv4;
    const ask = (): Promise<Outcome> =>
      agent.udp({
        flow: 'trunk',
        from: lab.agent.ipv4,
        fromPort: 5070,
        to: trunk,
        port: OTHER_PORT,
      });
    await firewall.sync(desired({ sipPorts: [SIP_PORT, 5070] }));
    await add(`${trunk}/32`, 'sip');
    expect(await ask()).toBe('answer');
    expect(await knock(trunk)).toBe('silence');
    await add(`${trunk}/32`, 'all');
    expect(await ask()).toBe('silence');
  });

  it.each([
    [IPV4, `${IPV4}/32`],
    [IPV6, '2001:db8:7::/64'],
  ])(
    'leaves %s the trap alone, over UDP and TCP, and cuts its other flows',
    async (from, target) => {
      const [toTrap, toOther] = [SIP_PORT, OTHER_PORT].map((port) => {
        return { flow: freshFlow(), from, to: agentAddress(from), port };
      }) as [Probe, Probe];
      for (const probe of [toTrap, toOther]) {
        expect(await attacker.tcp(probe)).toBe('answer');
        const udp = { ...probe, flow: `${probe.flow}-udp` };
        expect(await attacker.udp(udp)).toBe('answer');
      }
      await add(target, 'beside');
      const heard = async (probe: Probe): Promise<readonly Outcome[]> => [
        await attacker.tcp(probe),
        await attacker.tcp({ ...probe, flow: freshFlow() }),
        await attacker.udp({ ...probe, flow: `${probe.flow}-udp` }),
        await attacker.udp({ ...probe, flow: freshFlow() }),
      ];
      expect(await heard(toTrap)).toEqual(['answer', 'answer', 'answer', 'answer']);
      expect(await heard(toOther)).toEqual(['silence', 'silence', 'silence', 'silence']);
      const [block] = (await firewall.read()).blocks;
      expect(block).toMatchObject({ target, scope: 'beside' });
      expect(block?.packetsDropped).toBeGreaterThanOrEqual(4);
      await remove(target, 'beside');
      expect(await knock(from, OTHER_PORT)).toBe('answer');
    },
  );

  it('takes for the trap what is delivered to its sockets, whatever port was asked', async () => {
    await lab.agent.exec('nft', ['-f', '-'], {
      input: `table inet led { chain there { type nat hook prerouting priority dstnat;
        udp dport 5099 redirect to :${SIP_PORT}
        udp dport 5098 redirect to :${OTHER_PORT}
        ip daddr ${lab.agent.ipv4} udp dport 5097 dnat ip to ${lab.attacker.ipv4}:${OTHER_PORT}
        }
        chain back { type nat hook postrouting priority srcnat;
        ip daddr ${lab.attacker.ipv4} udp dport ${OTHER_PORT} masquerade
        }
        }`,
    });
    await lab.agent.exec('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
    for (const port of [5099, 5098, 5097]) expect(await knock(IPV4, port)).toBe('answer');
    await add(`${IPV4}/32`, 'beside');
    expect(await knock(IPV4, 5099)).toBe('answer');
    expect(await knock(IPV4, 5098)).toBe('silence');
    // Passed on to another machine: nothing there is the trap's.
    expect(await knock(IPV4, 5097)).toBe('silence');
    await lab.agent.exec('nft', ['delete', 'table', 'inet', 'led']);
  });

  it('closes the port of the trap where the trap does not listen', async () => {
    const flow = { flow: freshFlow(), from: IPV4, to: lab.agent.ipv4, port: SIP_PORT };
    const blocks = [{ target: `${IPV4}/32`, scope: 'beside', timeoutS: 60 } as const];
    const listening = (trap: DesiredFirewall['trap']) => firewall.sync(desired({ trap, blocks }));
    const here = { udpPorts: [SIP_PORT], tcpPorts: [OTHER_PORT], addresses: [lab.agent.ipv4] };
    await listening({ ...here, addresses: ['10.99.0.77', lab.agent.ipv6] });
    expect(await knock(IPV4)).toBe('silence');
    await listening(here);
    expect(await knock(IPV4)).toBe('answer');
    expect(await attacker.tcp(flow)).toBe('silence');
    expect(await attacker.tcp({ ...flow, flow: freshFlow(), port: OTHER_PORT })).toBe('answer');
    expect(await knock(IPV4, OTHER_PORT)).toBe('silence');
  });

  it('closes what each of two blocks over one source closes', async () => {
    await add(`${IPV4}/32`, 'beside');
    await add('192.0.2.0/24', 'sip');
    expect(await knock(IPV4)).toBe('silence');
    expect(await knock(IPV4, OTHER_PORT)).toBe('silence');
    await remove(`${IPV4}/32`, 'beside');
    expect(await knock(IPV4, OTHER_PORT)).toBe('answer');
    await add(`${IPV4}/32`, 'beside');
    await remove('192.0.2.0/24', 'sip');
    expect(await knock(IPV4)).toBe('answer');
    await add('192.0.2.0/25', 'all');
    expect(await knock(IPV4)).toBe('silence');
  });

  it('lets a protected peer through in spite of every block, and nobody beside it', async () => {
    await lab.addAttackerAddress('192.0.2.8');
    const blocks = (['all', 'sip', 'beside'] as const).map((scope) => {
      return { target: '192.0.2.0/24', scope, timeoutS: null };
    });
    const protect = [`${IPV4}/32`, '192.0.2.6/31', '2001:db8::/32'];
    await firewall.sync(desired({ protect, blocks }));
    expect(await knock(IPV4)).toBe('answer');
    expect(await knock(IPV4, OTHER_PORT)).toBe('answer');
    expect(await knock('192.0.2.8')).toBe('silence');
    expect([...(await firewall.read()).protect].sort()).toEqual([...protect].sort());
    await expect(add(`${IPV4}/32`)).rejects.toMatchObject({ code: 'PROTECTED' });
    await expect(add('2001:db8:7::/64')).rejects.toMatchObject({ code: 'PROTECTED' });
  });

  it.each(['all', 'beside'] as const)(
    'keeps neighbour discovery on a blocked link (%s)',
    async (scope) => {
      await add(lab.attacker.ipv6.replace('::2', '::/64'), scope);
      for (const host of [lab.agent, lab.attacker]) {
        await host.exec('ip', ['-6', 'neighbour', 'flush', 'dev', host.device]);
      }
      expect(await knock(lab.attacker.ipv6, OTHER_PORT)).toBe('silence');
      const { stdout } = await lab.attacker.exec('ip', ['-6', 'neighbour', 'show', lab.agent.ipv6]);
      expect(stdout).toMatch(/lladdr .*(REACHABLE|DELAY|STALE|PROBE)/);
    },
  );

  it('frees a source when its time is over', async () => {
    const startMs = performance.now();
    await add(`${IPV4}/32`, 'all', 2);
    let outcome = await knock(IPV4);
    expect(outcome).toBe('silence');
    const elapsedMs = (): number => performance.now() - startMs;
    while (outcome === 'silence' && elapsedMs() < 10_000) outcome = await knock(IPV4);
    expect(outcome).toBe('answer');
    expect(elapsedMs()).toBeGreaterThan(1950);
  });

  it.each([
    ['198.51.100.0/22', ['198.51.100.0', '198.51.103.255'], ['198.51.99.255', '198.51.104.0']],
    [
      '2001:db8:0:aa00::/56',
      ['2001:db8:0:aa00::1', '2001:db8:0:aaff:ffff::1'],
      ['2001:db8:0:a9ff::1', '2001:db8:0:ab00::1'],
    ],
  ])('blocks %s to its edges and not beyond', async (target, inside, outside) => {
    for (const address of [...inside, ...outside]) await lab.addAttackerAddress(address);
    await add(target);
    for (const address of inside)
      expect([address, await knock(address)]).toEqual([address, 'silence']);
    for (const address of outside)
      expect([address, await knock(address)]).toEqual([address, 'answer']);
    expect(await firewall.read()).toMatchObject({ present: true, blocks: [{ target }] });
    await firewall.sync(desired({ blocks: [{ target, scope: 'sip', timeoutS: 60 }] }));
    expect(await knock(inside[0] ?? '')).toBe('silence');
    expect(await knock(inside[0] ?? '', OTHER_PORT)).toBe('answer');
  });

  it('keeps overlapping blocks apart: one removed, the other still drops', async () => {
    await add(`${IPV4}/32`);
    await add('192.0.2.0/24');
    await add('192.0.2.0/25');
    await remove('192.0.2.0/24');
    await remove(`${IPV4}/32`);
    expect(await knock(IPV4)).toBe('silence');
    await remove('192.0.2.0/25');
    expect(await knock(IPV4)).toBe('answer');
  });
});
