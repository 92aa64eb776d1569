import { describe, expect, it } from 'vitest';
import { readClosedChains } from '../../src/firewall/neighbours.js';

type Json = Readonly<Record<string, unknown>>;

const chain = (change: Json = {}): Json => ({
  chain: {
    family: 'inet',
    table: 'filter',
    name: 'input',
    hook: 'input',
    policy: 'drop',
    ...change,
  },
});
const rule = (expr: readonly unknown[], name = 'input'): Json => ({
  rule: { family: 'inet', table: 'filter', chain: name, expr },
});
const dport = (right: unknown, protocol = 'udp'): Json => ({
  match: { op: '==', left: { payload: { protocol, field: 'dport' } }, right },
});
const ACCEPT = { accept: null };

const read = (...entries: readonly Json[]) =>
  readClosedChains(JSON.stringify({ nftables: entries }), 'sentrypeer');

describe('chains of others that drop what they do not name', () => {
  it.each([
    ['a policy of drop', [chain()], 1],
    ['a policy of accept', [chain({ policy: 'accept' })], 0],
    [
      'a last rule that drops all',
      [chain({ policy: 'accept' }), rule([{ counter: {} }, { drop: null }])],
      1,
    ],
    [
      'a last rule that drops some',
      [chain({ policy: 'accept' }), rule([dport(23), { drop: null }])],
      0,
    ],
    ['a chain for what this host sends', [chain({ hook: 'output' })], 0],
    ['our own', [chain({ table: 'sentrypeer', hook: 'prerouting' })], 0],
    ['no hook', [chain({ hook: undefined })], 0],
  ] as const)('%s', (_, entries, count) => {
    expect(read(...entries)).toHaveLength(count);
  });

  it('are read with the ports that their table accepts, over jumps too', () => {
    const [found] = read(
      chain(),
      rule([dport(5060), ACCEPT]),
      rule([dport({ set: [22, { range: [5070, 5080] }] }, 'tcp'), ACCEPT], 'services'),
      rule([dport(9), { drop: null }]),
    );
    expect(found).toMatchObject({ unclear: false, hook: 'input' });
    expect(found?.opened).toEqual([
      { protocol: 'udp', from: 5060, to: 5060 },
      { protocol: 'tcp', from: 22, to: 22 },
      { protocol: 'tcp', from: 5070, to: 5080 },
    ]);
  });

  it('are unclear where nft cannot tell a rule', () => {
    expect(read(chain(), rule([{ xt: null }, ACCEPT]))[0]?.unclear).toBe(true);
    expect(read(chain(), rule([dport('@ports'), ACCEPT]))[0]?.unclear).toBe(true);
  });
});
