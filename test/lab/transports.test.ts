import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { runJson } from './program.js';
import { programPath, requireLab, type LabProgram } from './require-lab.js';
import { startAgent } from './start-agent.js';

const needs = requireLab(['openssl', 'sipsak', 'sipp']);

interface Events {
  readonly events: readonly {
    readonly transport_type: string;
    readonly proof: string;
    readonly method: string;
    readonly answered_status: number | null;
    readonly destination_ip: string;
    readonly tls_version: string | null;
    readonly tls_sni: string | null;
  }[];
}

const OPTIONS = [
  'OPTIONS sip:100@pbx SIP/2.0',
  'Via: SIP/2.0/[transport] 192.0.2.9:5060;branch=[branch]',
  'From: <sip:a@192.0.2.9>;tag=[call_number]',
  'To: <sip:100@pbx>',
  'Call-ID: [call_id]',
  'CSeq: 1 OPTIONS',
  'Max-Forwards: 70',
  'Content-Length: 0',
].join('\n');

const SCENARIO = `<?xml version="1.0"?><scenario name="look"><send retrans="500"><![CDATA[
${OPTIONS}

]]></send><recv response="200"/></scenario>`;

describe.skipIf(needs.skip)(`programs on each transport ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;
  let plain: string;
  let scenario: string;

  beforeEach(async () => {
    lab = await createLab();
    folder = mkdtempSync(join(tmpdir(), 'sentrypeer-lab-transports-'));
    plain = join(folder, 'options');
    scenario = join(folder, 'look.xml');
    const filled = OPTIONS.replace('[transport]', 'TLS').replace(/\[(\w+)\]/g, 'z9hG4bK$1');
    writeFileSync(plain, `${filled.replaceAll('\n', '\r\n')}\r\n\r\n`);
    writeFileSync(scenario, SCENARIO);
  });

  afterEach(async () => {
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  it('are answered, with the address that they asked, and recorded with what is known', async () => {
    const env = {
      SENTRYPEER_TRANSPORTS: 'udp, tcp, tls, ws, wss',
      SENTRYPEER_BLOCKING_MODE: 'observe',
    };
    const agent = await startAgent(lab, { env });
    const { ipv4: to } = lab.agent;
    const ran = async (program: LabProgram, args: readonly string[]): Promise<string> => {
      const words = [...args];
      const { stdout, stderr } = await lab.attacker.exec(programPath(program), words, {
        reject: false,
        msMax: 15_000,
      });
      return `${stdout}${stderr}`;
    };
    const sipp = ['-sf', scenario, '-m', '3', '-r', '10', '-nostdin', '-timeout', '10s'];
    expect(await ran('sipsak', ['-vv', '-s', `sip:100@${to}:5060`])).toContain('200 OK');
    expect(await ran('sipsak', ['-vv', '-E', 'tcp', '-s', `sip:100@${to}:5060`])).toContain(
      '200 OK',
    );
    expect(await ran('sipp', [`${to}:5060`, '-t', 't1', ...sipp])).toMatch(
      /Successful call\s*\|\s*\d+\s*\|\s*3/,
    );
    const client = `(cat ${plain}; sleep 1) | openssl s_client -quiet -no_ign_eof -connect ${to}:5061`;
    const { stdout } = await lab.attacker.exec('sh', [
      '-c',
      `${client} -servername pbx.example.org`,
    ]);
    expect(stdout).toMatch(new RegExp(`^SIP/2.0 200 OK\r?\n[^]*Contact: <sip:${to}:5061`));
    const listed = await runJson<Events>(lab.agent, agent.stateDir, ['events', 'list']);
    const seen = listed.events.map((event) => [event.transport_type, event.proof]);
    expect(new Set(seen.map(String))).toEqual(new Set(['UDP,none', 'TCP,tcp', 'TLS,tls']));
    for (const event of listed.events) {
      expect(event).toMatchObject({ method: 'OPTIONS', answered_status: 200, destination_ip: to });
    }
    expect(listed.events.find(({ proof }) => proof === 'tls')).toMatchObject({
      tls_version: 'TLSv1.3',
      tls_sni: 'pbx.example.org',
    });
    await agent.stop();
  }, 90_000);
});
