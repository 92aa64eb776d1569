import { gzipSync } from 'node:zlib';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { runCommand, runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['svcrack', 'tcpdump']);

/** Many commands, each a process, on a machine that is busy with other tests. */
const COMMANDS_MS_MAX = 120_000;

const RULE = `
id: own-guesses
name: Guesses
version: 1
attack_type: credential_attack
severity: high
description: More than three guesses.
match: { methods: [REGISTER] }
when: event.auth_response != ""
count: { by: source, distinct: auth_response, over: 3, within: 10m }
points: 100
mute: 1h
`;

interface Replayed {
  readonly inputs: readonly { readonly format: string; readonly damage: string | null }[];
  readonly tried: {
    readonly packets: number;
    readonly blocks: readonly Readonly<Record<string, unknown>>[];
  };
}

interface Listed {
  readonly rules: readonly { readonly id: string }[];
}

describe.skipIf(needs.skip)(
  `replay of what a real attack left ${needs.note}`,
  {
    timeout: COMMANDS_MS_MAX,
  },
  () => {
    let lab: Lab;
    let folder: string;
    let capture: string;
    let rule: string;
    const kept = (name: string): string => join(folder, 'sentrypeer', name);

    /** svcrack against an observing agent, with tcpdump listening: three records of one attack. */
    beforeAll(async () => {
      lab = await createLab();
      const files = lab.makeFolder();
      capture = join(files, 'attack.pcap');
      rule = join(files, 'own.yaml');
      writeFileSync(rule, RULE);
      const dump = lab.agent.spawn(programPath('tcpdump'), [
        ...['-i', lab.agent.device, '-U', '--immediate-mode', '-Z', 'root', '-w', capture],
        'port 5060',
      ]);
      await waitUntil('tcpdump listens', () => Promise.resolve(existsSync(capture)), 10_000);
      const env = { SENTRYPEER_BLOCKING_MODE: 'observe' };
      const agent = await startAgent(lab, { env });
      folder = agent.stateDir;
      const words = ['-u101', '-r1000-1020', '-z4', lab.agent.ipv4];
      await lab.attacker.exec(programPath('svcrack'), words, { reject: false });
      await agent.stop('SIGTERM');
      await dump.stop('SIGINT');
    }, 60_000);

    afterAll(async () => {
      await lab.close();
    });

    const replay = (...words: string[]): Promise<Replayed> =>
      runJson<Replayed>(lab.agent, lab.makeFolder(), [
        'replay',
        ...words,
        '--rule',
        rule,
        '--only',
      ]);

    it('comes to the same from capture, JSON log, compressed log and database', async () => {
      const packed = join(lab.makeFolder(), 'old.json.gz');
      writeFileSync(packed, gzipSync(readFileSync(kept('sentrypeer.json'))));
      const records = [
        ['pcap', await replay(capture)],
        ['pcap', await replay(capture, '--local', lab.agent.ipv4)],
        ['json-log', await replay(kept('sentrypeer.json'))],
        ['json-log', await replay(packed)],
        ['database', await replay('--database', kept('sentrypeer.db'))],
      ] as const;
      for (const [format, { inputs, tried }] of records) {
        expect(inputs).toMatchObject([{ format, damage: null }]);
        expect(tried.packets).toBe(records[0][1].tried.packets);
        expect(tried.blocks).toMatchObject([
          {
            source: lab.attacker.ipv4,
            rule: 'own-guesses',
            // Our challenge went out and came back, also as the capture shows it.
            proof: 'nonce',
            scope: 'all',
            after_packets: records[0][1].tried.blocks[0]?.['after_packets'],
          },
        ]);
      }
    });

    it('gives the same output to the byte, in another process too', async () => {
      const words = ['replay', capture, '--rule', rule];
      const [one, two] = [
        await runCommand(lab.agent, lab.makeFolder(), words),
        await runCommand(lab.agent, lab.makeFolder(), words),
      ];
      expect(one.exitCode).toBe(0);
      expect(two.stdout).toBe(one.stdout);
      expect(one.stdout).toContain('sipvicious-svcrack');
    });

    it('takes only a part by time', async () => {
      const all = await replay(kept('sentrypeer.json'));
      const none = await replay(kept('sentrypeer.json'), '--until', '2020-01-01');
      expect(all.tried.packets).toBeGreaterThan(10);
      expect(none.tried.packets).toBe(0);
      const database = ['--database', kept('sentrypeer.db'), '--since', '1h'];
      expect((await replay(...database)).tried.packets).toBe(all.tried.packets);
    });

    it('shows the events behind a sighting', async () => {
      const words = ['sources', 'show', lab.attacker.ipv4, '--events', '--no-dns'];
      const { stdout } = await runCommand(lab.agent, folder, words);
      expect(stdout).toMatch(/Events behind that\nEVENT +RULES +TIME/);
      expect(stdout).toMatch(/sipvicious-svcrack.* udp +none +REGISTER/);
    });

    it('rules can be listed, shown, checked and tested where no agent ever ran', async () => {
      const empty = lab.makeFolder();
      const { rules } = await runJson<Listed>(lab.agent, empty, ['rules', 'list']);
      expect(rules.map(({ id }) => id)).toContain('sipvicious-svcrack');
      const shown = await runCommand(lab.agent, empty, ['rules', 'show', 'sipvicious-svcrack']);
      expect(shown.stdout).toContain('when:');
      expect((await runCommand(lab.agent, empty, ['rules', 'check'])).exitCode).toBe(0);
      expect((await runCommand(lab.agent, empty, ['rules', 'test'])).stdout).toContain(' 0 failed');
      expect(existsSync(join(empty, 'sentrypeer'))).toBe(false);
    });

    it('a wrong rule and a failing sample are told by the exit code', async () => {
      const wrong = join(lab.makeFolder(), 'wrong.yaml');
      writeFileSync(wrong, RULE.replace('auth_response,', 'auth_respnse,'));
      const check = await runCommand(lab.agent, folder, ['rules', 'check', wrong, rule]);
      expect(check.exitCode).toBe(3);
      expect(check.stdout).toMatch(/^wrong: .*wrong\.yaml:10:\d+: count\.distinct.*auth_response/);
      expect(check.stdout).toMatch(/own\.yaml: good, 1 rule/);
      const samples = `samples:\n  - { name: s, events: [{ raw: "x" }], expect: { sightings: 1 } }\n`;
      writeFileSync(wrong, RULE + samples);
      const test = await runCommand(lab.agent, folder, ['rules', 'test', wrong]);
      expect(test.exitCode).toBe(1);
      expect(test.stdout).toMatch(/own-guesses +FAILED.*sightings: 0, expected 1/);
    });

    it('a rule that was tried is in force without a restart', async () => {
      const agent = await startAgent(lab);
      const own = join(agent.stateDir, 'sentrypeer', 'rules.d');
      mkdirSync(own, { recursive: true });
      writeFileSync(join(own, 'own.yaml'), RULE);
      const isInForce = async (): Promise<boolean> => {
        const words = ['rules', 'list', '--detection'];
        const { rules } = await runJson<Listed>(lab.agent, agent.stateDir, words);
        return rules.some(({ id }) => id === 'own-guesses');
      };
      await waitUntil('the rule is in force', isInForce, 15_000, 200);
      await agent.stop('SIGTERM');
    });
  },
);
