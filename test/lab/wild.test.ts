import { BlockList, isIPv6 } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlocksListing } from '../../src/api/views/block.js';
import { createLab, type Lab } from './lab.js';
import { runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';

const needs = requireLab(['nft', 'ip']);

const ACT = fileURLToPath(new URL('act-wild.mjs', import.meta.url));
/** The address that the messages of the behaviours name. */
const TRAP = '192.0.2.10';
/** Whoever takes longer is left to `npm run bench -- detect --only wild`; WILD_SECONDS takes more of them, WILD_NAMED those with these letters alone. */
const SECONDS = process.env['WILD_SECONDS'] ?? '16';

interface Acted {
  readonly name: string;
  readonly kind: 'attack' | 'honest';
  readonly types: readonly string[];
  /** From how many a person recognises it. */
  readonly packets: number;
  readonly sources: readonly string[];
  /** When each message was sent, in milliseconds. */
  readonly sent: readonly number[];
  /** What a replay says of it, and the packet that its first block came at. */
  readonly replay: { readonly verdict: string; readonly packet: number | null };
}

interface Verdict {
  readonly name: string;
  readonly verdict: string;
}

describe.skipIf(needs.skip)(`described behaviours, at their own pace ${needs.note}`, () => {
  let lab: Lab;
  let acted: readonly Acted[];
  let blocks: BlocksListing['blocks'];

  beforeAll(
    async () => {
      lab = await createLab();
      await lab.agent.exec('ip', ['address', 'add', `${TRAP}/32`, 'dev', lab.agent.device]);
      await lab.attacker.exec('ip', ['route', 'add', `${TRAP}/32`, 'dev', lab.attacker.device]);
      const words = [ACT, TRAP, '5060', SECONDS];
      const list = await lab.attacker.exec(process.execPath, [...words, 'list'], { msMax: 60_000 });
      for (const address of JSON.parse(list.stdout) as string[])
        await lab.addAttackerAddress(address);
      const env = { SENTRYPEER_LISTEN_ADDRESS: '0.0.0.0, ::' };
      const agent = await startAgent(lab, { env });
      const { stdout } = await lab.attacker.exec(process.execPath, words, {
        env: { TRAP_IPV6: lab.agent.ipv6 },
        msMax: 120_000 + Number(SECONDS) * 1_000,
      });
      acted = JSON.parse(stdout) as Acted[];
      ({ blocks } = await runJson<BlocksListing>(lab.agent, agent.stateDir, [
        ...['blocks', 'list', '--all', '--limit', '1000', '--sort', 'oldest'],
      ]));
      await agent.stop('SIGTERM');
    },
    200_000 + Number(SECONDS) * 1_000,
  );

  afterAll(async () => {
    await lab.close();
  });

  /** As the replay judges, from what the kernel was told; who is not blocked may have been seen or not. */
  function judge({ kind, types, packets, sources, sent, replay }: Acted): string {
    const own = blocks.filter(({ target }) => sources.some((source) => covers(target, source)));
    const [first] = own;
    if (kind === 'honest')
      return own.some(({ scope }) => scope === 'all') ? 'hard' : first ? 'sip' : 'free';
    if (first === undefined) return 'not blocked';
    const before = sent.filter((atMs) => atMs <= Date.parse(first.created_at)).length;
    if (before > 2 * packets)
      return `late: ${before} packets, in a replay ${replay.packet ?? 'never'}`;
    return types.includes(first.attack_type ?? '') ? 'right' : 'misnamed';
  }

  it('come to the verdicts of a replay', () => {
    if (!process.env['WILD_NAMED']) expect(acted.length).toBeGreaterThan(10);
    const live = acted.map((each): Verdict => ({ name: each.name, verdict: judge(each) }));
    const replayed = acted.map(({ name, replay: { verdict } }): Verdict => {
      const isOpen = ['seen', 'missed'].includes(verdict);
      return { name, verdict: isOpen ? 'not blocked' : verdict };
    });
    expect(live).toEqual(replayed);
  });
});

function covers(target: string, address: string): boolean {
  const [network = '', length] = target.split('/');
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(length), family);
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
