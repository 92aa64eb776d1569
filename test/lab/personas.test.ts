import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PersonaName } from '../../src/core/trap/persona.js';
import { PERSONAS } from '../../src/core/trap/personas/personas.js';
import { createLab, type Lab } from './lab.js';
import { runJson } from './program.js';
import { programPath, requireLab, type LabProgram } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const PROGRAMS = ['nmap', 'svmap', 'svwar', 'svcrack', 'sipsak', 'sipp', 'baresip', 'linphonec'];
const needs = requireLab([...PROGRAMS, 'python3'] as LabProgram[]);
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What is known of the source that all tools share. */
interface Story {
  readonly passwords: { readonly distinct: number; readonly tries: number };
  readonly passwords_tried: readonly { readonly value: string; readonly count: number }[];
  readonly calls: readonly { readonly called: string; readonly end_how: string | null }[];
}

interface Status {
  readonly counts: Readonly<Record<string, number>>;
}

/** An agent with its lab. */
interface Trap {
  readonly lab: Lab;
  readonly agent: LabAgent;
}

/** Starts an agent that looks on, so that the tools can finish, and lets weak passwords in. */
async function startAs(persona: PersonaName): Promise<Trap> {
  const lab = await createLab();
  const env = {
    SENTRYPEER_PERSONA: persona,
    SENTRYPEER_LURE: 'true',
    SENTRYPEER_SIP_DOMAIN: 'asterisk',
    SENTRYPEER_BLOCKING_MODE: 'observe',
  };
  return { lab, agent: await startAgent(lab, { env }) };
}

/** Runs a tool of the attacker; what it says on both outputs. */
async function toolOf(
  lab: Lab,
  name: LabProgram,
  args: readonly string[],
  input = '',
): Promise<string> {
  const options = { reject: false, msMax: 60_000, input, env: { HOME: lab.makeFolder() } };
  const { stdout, stderr } = await lab.attacker.exec(programPath(name), args, options);
  return `${stdout}\n${stderr}`;
}

/**
 * What nmap's version probe calls each persona over TCP and over UDP, by its nmap-service-probes. It
 * has no entry for FreeSWITCH or Cisco over UDP, and then tells the status and the product alone.
 */
const NMAP_NAMES: Readonly<Record<PersonaName, readonly [RegExp, RegExp]>> = {
  asterisk: [/Asterisk PBX 16\.2\.1~dfsg-1\+deb10u1/, /Asterisk PBX 16\.2\.1~dfsg-1\+deb10u1/],
  freepbx: [/FreePBX 15\.0\.16\.81 \(Asterisk 16\.13\.0\)/, /FreePBX 15\.0\.16\.81/],
  freeswitch: [
    /FreeSWITCH mod_sofia 1\.10\.12-release~a88d069d6f~64bit/,
    /SIP end point; Status: 200 OK/,
  ],
  cisco: [/Cisco SIP Gateway \(IOS 12\.x\)/, /Cisco-SIPGateway\/IOS-12\.x/],
  phone: [/Yealink SIP-T46S VoIP phone sipd 66\.85\.0\.5/, /Yealink SIP-T46S/],
};

// Object.keys gives string[]; the keys of the table are exactly the names.
const NAMES = Object.keys(NMAP_NAMES) as PersonaName[];

// Probing is waiting: all stand before nmap at the same time.
describe.skipIf(needs.skip)(`each persona for real programs ${needs.note}`, () => {
  const traps = new Map<PersonaName, Trap>();
  beforeAll(async () => {
    for (const name of NAMES) traps.set(name, await startAs(name));
  });
  afterAll(() => Promise.all([...traps.values()].map(({ lab }) => lab.close())));

  const trapOf = (name: PersonaName): Trap => {
    const trap = traps.get(name);
    if (trap === undefined) throw new Error(`no trap looks like ${name}`);
    return trap;
  };

  it.concurrent.each(NAMES)(
    '%s is named by nmap over UDP and TCP, and is no honeypot',
    async (name) => {
      const { lab } = trapOf(name);
      const scan = ['-n', '-Pn', '-sU', '-sT', '-sV', '--script', 'sip-methods'];
      const said = await toolOf(lab, 'nmap', [...scan, '-p', 'U:5060,T:5060', lab.agent.ipv4]);
      const ports = said.split('\n').filter((line) => line.startsWith('5060/'));
      expect(ports).toHaveLength(2);
      const [overTcp, overUdp] = NMAP_NAMES[name];
      for (const port of ports) expect(port).toMatch(port.includes('/tcp') ? overTcp : overUdp);
      expect(said).not.toMatch(/honey|dionaea/i);
      const methods = (PERSONAS[name].fixed.Allow ?? '').replaceAll(', ', ',').split(',');
      const listed =
        /sip-methods:[^\n]*\n?[^\n]*?((?:[A-Z]+(?:, ?| ?$|\s))+)/m.exec(said)?.[0] ?? '';
      for (const method of methods) expect(listed).toContain(method);
    },
    90_000,
  );

  it.each(NAMES)(
    '%s is named by svmap and sipsak',
    async (name) => {
      const { lab } = trapOf(name);
      const [, product] = PERSONAS[name].product;
      expect(await toolOf(lab, 'svmap', [lab.agent.ipv4])).toContain(product);
      const said = await toolOf(lab, 'sipsak', ['-vvv', '-s', `sip:100@${lab.agent.ipv4}`]);
      expect(said).toContain('SIP/2.0 200 OK');
      expect(said).toContain(product);
    },
    60_000,
  );

  it.each(NAMES)(
    '%s gives a flood from forged addresses at most three bytes for each of its own',
    async (name) => {
      const { lab, agent } = trapOf(name);
      // The forged addresses are the attacker's own, as far as the cable can tell.
      const forged = '10.200.0.0/16';
      await lab.attacker.exec('ip', ['route', 'add', 'local', forged, 'dev', lab.attacker.device]);
      await lab.agent.exec('ip', ['route', 'add', forged, 'dev', lab.agent.device]);
      const script = join(HERE, 'spoofed-flood.py');
      const said = await toolOf(lab, 'python3', [script, lab.agent.ipv4, '10.200.', '60', '3']);
      // The shape is what the script prints.
      const flood = JSON.parse(said.trim()) as Flood;
      expect(flood.packets_sent).toBeGreaterThan(500);
      expect(flood.packets_heard).toBeGreaterThan(100);
      expect(flood.worst_ratio).toBeLessThanOrEqual(3);
      const { counts } = await runJson<Status>(lab.agent, agent.stateDir, ['status']);
      expect((counts['answered'] ?? 0) + (counts['unanswered'] ?? 0)).toBe(counts['received']);
      expect(flood.packets_heard).toBeLessThanOrEqual(counts['answered'] ?? 0);
    },
    60_000,
  );
});

describe.skipIf(needs.skip)(`the lure for real programs ${needs.note}`, () => {
  let lab: Lab;
  let agent: LabAgent;
  beforeAll(async () => {
    ({ lab, agent } = await startAs('asterisk'));
  });
  afterAll(() => lab.close());
  const tool = (name: LabProgram, args: readonly string[], input = ''): Promise<string> =>
    toolOf(lab, name, args, input);

  it('keeps svwar looking, to whom some extensions exist and others do not', async () => {
    const said = await tool('svwar', ['-e1,100-103,9999999', lab.agent.ipv4]);
    for (const user of ['100', '101', '102', '103']) {
      expect(said).toMatch(new RegExp(`\\b${user} .*reqauth`));
    }
    expect(said).not.toMatch(/\b9999999\b/);
  });

  it('keeps svcrack guessing until it has the password', async () => {
    const said = await tool('svcrack', ['-u100', '-r1200-1250', lab.agent.ipv4]);
    expect(said).toMatch(/\b100\b.*\b1234\b/);
  }, 60_000);

  it('takes calls of SIPp with a password, from the challenge to BYE', async () => {
    const said = await tool('sipp', [
      ...['-sf', join(HERE, 'sipp-call.xml'), '-s', '00442071234567', '-m', '3', '-r', '10'],
      ...['-nostdin', '-i', lab.attacker.ipv4, `${lab.agent.ipv4}:5060`],
    ]);
    expect(said).toMatch(/Successful call\s*\|\s*\d+\s*\|\s*3\b/);
    expect(said).toMatch(/Failed call\s*\|\s*\d+\s*\|\s*0\b/);
  });

  it('registers baresip', async () => {
    const folder = lab.makeFolder();
    const account = `<sip:100@${lab.agent.ipv4}>;auth_user=100;auth_pass=1234;regint=60\n`;
    await writeFile(join(folder, 'accounts'), account);
    await writeFile(join(folder, 'contacts'), '');
    const modules = ['module_path /usr/lib/baresip/modules', 'module g711.so'];
    const apps = ['module_tmp account.so', 'module_app menu.so'];
    await writeFile(join(folder, 'config'), [...modules, ...apps, ''].join('\n'));
    const running = lab.attacker.spawn(programPath('baresip'), ['-f', folder, '-v']);
    const said = (): string => [...running.stdout, ...running.stderr].join('\n');
    await waitUntil('baresip is registered', () => Promise.resolve(/200 OK/.test(said())), 20_000);
    running.kill();
    expect(said()).toContain('Asterisk PBX 16.2.1~dfsg-1+deb10u1');
  });

  it('registers linphone and takes its call, from ringing to BYE', async () => {
    const { agent: pbx, attacker } = lab;
    // Without a default route linphone takes the network for gone, and sends nothing.
    await attacker.exec('ip', ['route', 'add', 'default', 'via', pbx.ipv4]);
    const home = lab.makeFolder();
    await mkdir(join(home, '.local/share/linphone'), { recursive: true });
    const settings = [
      ...[
        '[sip]',
        'default_proxy=0',
        'sip_port=5070',
        'use_ipv6=0',
        `contact=<sip:100@${attacker.ipv4}>`,
      ],
      ...['[proxy_0]', `reg_proxy=<sip:${pbx.ipv4}>`, `reg_identity=sip:100@${pbx.ipv4}`],
      ...['reg_expires=60', 'reg_sendregister=1', 'publish=0'],
      ...['[auth_info_0]', 'username=100', 'passwd=1234', 'realm=asterisk', ''],
    ];
    await writeFile(join(home, 'linphonerc'), settings.join('\n'));
    const words = ['-c', join(home, 'linphonerc')];
    const phone = attacker.spawn(programPath('linphonec'), words, { env: { HOME: home } });
    const isRegistered = (): Promise<boolean> => {
      phone.write('status register');
      return Promise.resolve(phone.stdout.some((line) => /^registered, identity=/.test(line)));
    };
    await waitUntil('linphone is registered', isRegistered, 15_000, 500);
    phone.write(`call sip:00447700900123@${pbx.ipv4}`);
    await phone.line((line) => /Call 1 .* ringing/.test(line), 10_000);
    await phone.line((line) => /Call 1 .* connected/.test(line), 10_000);
    phone.write('terminate');
    await phone.line((line) => /Call 1 .* ended \(No error\)/.test(line), 10_000);
    phone.write('quit');
    await phone.exited;
  }, 60_000);

  it('has recorded passwords and calls', async () => {
    const words = ['sources', 'show', lab.attacker.ipv4];
    const isStored = async (): Promise<boolean> => {
      const { calls } = await runJson<Story>(lab.agent, agent.stateDir, words);
      return calls.filter(({ end_how: how }) => how === 'bye').length >= 4;
    };
    await waitUntil('the calls are stored', isStored, 5000);
    const story = await runJson<Story>(lab.agent, agent.stateDir, words);
    const called = story.calls.map((call) => call.called);
    expect(called).toEqual(expect.arrayContaining(['00442071234567', '00447700900123']));
    expect(story.passwords_tried.map(({ value }) => value)).toContain('100: 1234');
    expect(story.passwords.distinct).toBeGreaterThan(10);
  });
});

interface Flood {
  readonly packets_sent: number;
  readonly packets_heard: number;
  readonly sources: number;
  readonly worst_ratio: number;
}
