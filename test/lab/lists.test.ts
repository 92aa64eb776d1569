import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { runCommand } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab([
  ...(['nft', 'ipset', 'curl', 'jq', 'promtool'] as const),
  ...(['crowdsec', 'cscli', 'crowdsec-firewall-bouncer'] as const),
]);

const API = 'http://127.0.0.1:8080';
const LAPI = 'http://127.0.0.1:18080';
const ALLOWED_MS = 15_000;
const RULES = fileURLToPath(
  new URL('../../packaging/prometheus/sentrypeer-agent.rules.yaml', import.meta.url),
);

describe.skipIf(needs.skip)(`those who follow our blocks ${needs.note}`, () => {
  let lab: Lab;
  let stateDir: string;
  let folder: string;

  const type = (...words: string[]) => runCommand(lab.agent, stateDir, words);
  const block = (target: string) => type('blocks', 'add', target, '--for', '10m');
  const fetchText = async (url: string, ...more: string[]): Promise<string> =>
    (await lab.agent.exec('curl', ['-sf', ...more, url])).stdout;

  beforeAll(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
    stateDir = lab.makeFolder();
    writeFileSync(join(folder, 'password'), 'only-for-the-lab\n');
    await startAgent(lab, {
      stateDir,
      env: {
        SENTRYPEER_CROWDSEC_URL: LAPI,
        SENTRYPEER_CROWDSEC_MACHINE_ID: 'trap',
        SENTRYPEER_CROWDSEC_PASSWORD_FILE: join(folder, 'password'),
      },
    });
    for (const target of ['203.0.113.7', '198.51.100.0/24', '2001:db8::/64']) await block(target);
  }, 60_000);

  afterAll(() => lab.close());

  it('nft and ipset of another host take the lists, and a later one in their place', async () => {
    const load = async (): Promise<void> => {
      const nft = await fetchText(`${API}/lists/blocked.nft`);
      writeFileSync(join(folder, 'list.nft'), nft);
      await lab.attacker.exec('nft', ['-c', '-f', join(folder, 'list.nft')]);
      await lab.attacker.exec('nft', ['-f', join(folder, 'list.nft')]);
      const ipset = await fetchText(`${API}/lists/blocked.ipset`);
      await lab.attacker.exec('ipset', ['restore'], { input: `${ipset}\n` });
    };
    const table = async (): Promise<string> =>
      (await lab.attacker.exec('nft', ['list', 'table', 'inet', 'sentrypeer_list'])).stdout;
    const members = async (): Promise<string> =>
      (await lab.attacker.exec('ipset', ['save'])).stdout;
    await block('192.0.2.55');
    await load();
    expect(await table()).toMatch(/192\.0\.2\.55 timeout/);
    expect(await table()).toContain('ip saddr & 255.255.255.0 == @blocked_ipv4_24 drop');
    expect(await table()).toContain('ip6 saddr & ffff:ffff:ffff:ffff:: == @blocked_ipv6_64 drop');
    expect(await members()).toMatch(/add sentrypeer4 192\.0\.2\.55 timeout \d+/);
    await type('blocks', 'remove', '192.0.2.55');
    await load();
    expect(await table()).not.toContain('192.0.2.55');
    expect(await members()).not.toContain('192.0.2.55');
    expect(await members()).toMatch(/add sentrypeer6 2001:db8::\/64/);
  }, 60_000);

  it("CrowdSec's firewall bouncer of Debian puts them into its kernel sets, and takes them out", async () => {
    const { stdout: token } = await type('token', 'create', 'edge', '--scope', 'read');
    const config = join(folder, 'bouncer.yaml');
    const family = (version: 4 | 6) =>
      `{enabled: true, set-only: false, table: edge${version}, chain: edge}`;
    const lines = [
      ...['mode: nftables', `pid_dir: ${folder}`, 'update_frequency: 1s', 'daemonize: false'],
      ...['log_mode: stdout', 'log_level: info', `api_url: ${API}/`, `api_key: ${token.trim()}`],
      ...['deny_action: DROP', 'deny_log: false', 'supported_decisions_types: [ban]'],
      ...['blacklists_ipv4: blocked4', 'blacklists_ipv6: blocked6', 'prometheus: {enabled: false}'],
      ...['nftables:', `  ipv4: ${family(4)}`, `  ipv6: ${family(6)}`],
    ];
    writeFileSync(config, lines.join('\n'));
    const bouncer = lab.agent.spawn(programPath('crowdsec-firewall-bouncer'), ['-c', config]);
    const sets = async (): Promise<string> => {
      const list = await lab.agent.exec('nft', ['list', 'ruleset'], { reject: false });
      return list.stdout.slice(list.stdout.indexOf('table ip edge4'));
    };
    const becomes = (what: string, pattern: RegExp, holds: boolean) =>
      waitUntil(what, async () => pattern.test(await sets()) === holds, ALLOWED_MS);
    await becomes('it knows those of before', /203\.0\.113\.7 timeout 9m/, true);
    await block('192.0.2.66');
    await becomes('it knows the new one', /192\.0\.2\.66 timeout/, true);
    await type('blocks', 'remove', '192.0.2.66');
    await type('blocks', 'remove', '2001:db8::/64');
    await becomes('it lets them go', /192\.0\.2\.66|2001:db8::/, false);
    expect(await sets()).toContain('203.0.113.7');
    await bouncer.stop();
  }, 90_000);

  it("CrowdSec's local API of Debian is told of them, also of those from before it was there", async () => {
    const config = writeLapiConfig(folder);
    const cscli = (...words: string[]) =>
      lab.agent.exec(programPath('cscli'), ['-c', config, ...words]);
    await cscli(
      'machines',
      'add',
      'trap',
      '--password',
      'only-for-the-lab',
      '-f',
      join(folder, 'local.yaml'),
    );
    await cscli('bouncers', 'add', 'edge', '-k', 'key-of-the-edge');
    const start = () => lab.agent.spawn(programPath('crowdsec'), ['-c', config]);
    const known = async (): Promise<string> => {
      const words = ['-s', '-H', 'X-Api-Key: key-of-the-edge', `${LAPI}/v1/decisions`];
      return (await lab.agent.exec('curl', words, { reject: false })).stdout;
    };
    const knows = (value: string, holds: boolean) =>
      waitUntil(
        `${value} ${holds ? 'is' : 'is not'} there`,
        async () => {
          const text = await known();
          return text.startsWith('[') && text.includes(`"${value}"`) === holds;
        },
        // The agent rests longer between two looks while nobody answers.
        45_000,
      );
    let lapi = start();
    await knows('203.0.113.7', true);
    expect(await known()).toContain('"scenario":"sentrypeer/manual"');
    await block('192.0.2.77');
    await knows('192.0.2.77', true);
    await type('blocks', 'remove', '203.0.113.7');
    await knows('203.0.113.7', false);
    await lapi.stop('SIGKILL');
    await type('blocks', 'remove', '192.0.2.77');
    await block('192.0.2.78');
    lapi = start();
    await knows('192.0.2.78', true);
    await knows('192.0.2.77', false);
    await lapi.stop();
  }, 120_000);

  it('promtool takes what /metrics says, and the rules over it', async () => {
    const input = `${await fetchText(`${API}/metrics`)}\n`;
    const { stdout, stderr } = await lab.agent.exec(programPath('promtool'), ['check', 'metrics'], {
      input,
      reject: false,
    });
    expect(stdout + stderr).toBe('');
    await lab.agent.exec(programPath('promtool'), ['check', 'rules', RULES]);
  }, 30_000);
});

function writeLapiConfig(folder: string): string {
  for (const name of ['data', 'hub', 'notifications', 'plugins'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'hub', '.index.json'), '{}');
  writeFileSync(join(folder, 'simulation.yaml'), 'simulation: false\n');
  writeFileSync(
    join(folder, 'profiles.yaml'),
    'name: none\nfilters: ["false"]\ndecisions: [{type: ban, duration: 4h}]\non_success: break\n',
  );
  const common = `daemonize: false, log_media: stdout, log_level: info, log_dir: ${folder}, working_dir: ${folder}`;
  const paths = [
    `config_dir: ${folder}, data_dir: ${folder}/data, hub_dir: ${folder}/hub`,
    `simulation_path: ${folder}/simulation.yaml, index_path: ${folder}/hub/.index.json`,
    `notification_dir: ${folder}/notifications, plugin_dir: ${folder}/plugins`,
  ].join(', ');
  const file = join(folder, 'crowdsec.yaml');
  writeFileSync(
    file,
    [
      `common: {${common}}`,
      `config_paths: {${paths}}`,
      'crowdsec_service: {enable: false}',
      'cscli: {output: json}',
      `db_config: {type: sqlite, db_path: ${folder}/data/crowdsec.db, use_wal: true}`,
      'api:',
      `  client: {credentials_path: ${folder}/local.yaml}`,
      `  server: {enable: true, listen_uri: 127.0.0.1:18080, profiles_path: ${folder}/profiles.yaml}`,
      'prometheus: {enabled: false}',
    ].join('\n'),
  );
  return file;
}
