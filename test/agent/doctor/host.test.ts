import { describe, expect, it } from 'vitest';
import {
  judgeCapabilities,
  judgeDescriptors,
  judgeKernel,
  judgeNode,
  judgeReceiveBuffer,
  readRights,
  type ProcessRights,
} from '../../../src/agent/doctor/host.js';

describe('versions and sizes of the host', () => {
  it.each([
    [judgeNode('20.19.0'), 'ok'],
    [judgeNode('22.1.0'), 'ok'],
    [judgeNode('20.18.9'), 'fail'],
    [judgeNode('18.99.0'), 'fail'],
    [judgeKernel('6.1.0-18-amd64'), 'ok'],
    [judgeKernel('5.4.0'), 'ok'],
    [judgeKernel('4.19.0'), 'warn'],
    [judgeReceiveBuffer(4_194_304), 'ok'],
    [judgeReceiveBuffer(212_992), 'warn'],
    [judgeReceiveBuffer(null), 'unknown'],
  ] as const)('%o is %s', (finding, outcome) => {
    expect(finding.outcome).toBe(outcome);
    expect(finding.remedy === null).toBe(outcome === 'ok');
  });

  it('names the command that gives the buffer its size', () => {
    expect(judgeReceiveBuffer(212_992).remedy).toContain('sysctl -w net.core.rmem_max=4194304');
  });
});

describe('rights of a process', () => {
  const rights = (capabilities: bigint | null): ProcessRights => ({
    who: 'the agent',
    capabilities,
    descriptorsMax: 65_536,
    unprivilegedPort: 1024,
  });
  const wish = { ports: [5060, 443], enforcing: true, running: false };

  it.each([
    ['all', rights(0x1400n), wish, 'ok'],
    ['none', rights(0n), wish, 'warn'],
    ['none, while it runs', rights(0n), { ...wish, running: true }, 'fail'],
    ['no low port', rights(0x1000n), { ...wish, ports: [5060] }, 'ok'],
    ['no right to a low port', rights(0x1000n), wish, 'warn'],
    ['nothing asked', rights(0n), { ports: [5060], enforcing: false, running: false }, 'ok'],
    ['unreadable', rights(null), wish, 'unknown'],
  ] as const)('%s', (_, given, asked, outcome) => {
    expect(judgeCapabilities(given, asked).outcome).toBe(outcome);
  });

  it('tells of too few descriptors', () => {
    expect(judgeDescriptors(rights(0n)).outcome).toBe('ok');
    expect(judgeDescriptors({ ...rights(0n), descriptorsMax: 1024 }).outcome).toBe('warn');
    expect(judgeDescriptors({ ...rights(0n), descriptorsMax: null }).outcome).toBe('unknown');
  });

  it('are read off the kernel for a process, and are unknown for one that is not', () => {
    expect(readRights(process.pid).capabilities).toBe(readRights(null).capabilities);
    expect(readRights(process.pid).descriptorsMax).toBeGreaterThan(0);
    expect(readRights(2 ** 30)).toMatchObject({ capabilities: null, descriptorsMax: null });
  });
});
