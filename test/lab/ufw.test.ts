import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNftables } from '../../src/firewall/nftables/nftables.js';
import { createUfw } from '../../src/firewall/ufw/ufw.js';
import type { DesiredBlock, Firewall } from '../../src/firewall/port.js';
import { createLab, type Lab } from './lab.js';
import { desired } from './nft-rig.js';
import { requireLab } from './require-lab.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const needs = requireLab(['ufw', 'unshare']);

/** Copies of what ufw keeps, bound over the originals in a mount namespace of each call. */
const PRIVATE = [
  'mount --make-rprivate /',
  'mount --bind "$0/ufw" /etc/ufw',
  'mount --bind "$0/default" /etc/default/ufw',
  'mount --bind "$0/run" /run',
  'exec "$@"',
].join(' && ');

describe.skipIf(needs.skip)(`ufw as it is, in a namespace ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;
  let before: string[];
  let firewall: Firewall;

  const ufw = async (...words: string[]): Promise<string> => {
    const [ip = '', ...rest] = [...before, 'ufw', ...words];
    return (await execa(ip, rest, { input: '' })).stdout;
  };
  const rulesFile = (name: string): string => readFileSync(join(folder, 'ufw', name), 'latin1');
  const files = (): string[] => ['user.rules', 'user6.rules'].map(rulesFile);
  const targets = async (): Promise<string[]> =>
    (await firewall.read()).blocks.map(({ scope, target }) => `${scope} ${target}`).sort();
  const block = (target: string): DesiredBlock => ({ target, scope: 'all', timeoutS: 60 });

  beforeAll(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
    cpSync('/etc/ufw', join(folder, 'ufw'), { recursive: true });
    cpSync('/etc/default/ufw', join(folder, 'default'));
    mkdirSync(join(folder, 'run'));
    before = [...lab.agent.prefix, 'unshare', '-m', 'sh', '-c', PRIVATE, folder];
    firewall = createUfw({ ufwBefore: before, ufwFolder: join(folder, 'ufw') });
  });

  afterAll(async () => {
    await lab.close();
  });

  beforeEach(async () => {
    await ufw('--force', 'reset');
    await ufw('allow', '22/tcp', 'comment', 'admin ssh');
    await ufw('allow', 'from', '10.0.0.0/8', 'to', 'any', 'port', '5060', 'proto', 'udp');
    await ufw('deny', 'from', '198.51.100.66');
    await ufw('--force', 'enable');
  }, 240_000);

  it('says that it is not active, and works once it is', async () => {
    await ufw('disable');
    await expect(firewall.probe()).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: 'ufw is installed but not active',
    });
    await ufw('--force', 'enable');
    expect(await firewall.probe()).toMatch(/^ufw 0\./);
  }, 240_000);

  it('puts single blocks before the rules of the administrator and takes only ours away', async () => {
    const untouched = files();
    await firewall.sync(desired({ sipPorts: [5060, 5061] }));
    await firewall.apply([
      { kind: 'add', target: '203.0.113.7/32', scope: 'all', timeoutS: 60 },
      { kind: 'add', target: '203.0.113.0/25', scope: 'sip', timeoutS: 60 },
      { kind: 'add', target: '2001:db8::/64', scope: 'all', timeoutS: 60 },
    ]);
    expect(await targets()).toEqual([
      'all 2001:db8::/64',
      'all 203.0.113.7/32',
      'sip 203.0.113.0/25',
    ]);
    const lines = (await ufw('show', 'added')).split('\n');
    expect(lines.findIndex((line) => line.includes('203.0.113.7'))).toBeLessThan(
      lines.findIndex((line) => line.includes('admin ssh')),
    );
    await firewall.apply([
      { kind: 'remove', target: '203.0.113.7/32', scope: 'all' },
      { kind: 'remove', target: '203.0.113.0/25', scope: 'sip' },
      { kind: 'remove', target: '2001:db8::/64', scope: 'all' },
    ]);
    expect(files()).toEqual(untouched);
  }, 240_000);

  it('never takes over or deletes the same rule of the administrator', async () => {
    const untouched = files();
    const twin = { target: '198.51.100.66/32', scope: 'all' } as const;
    await firewall.sync(desired());
    await firewall.apply([{ kind: 'add', timeoutS: 60, ...twin }]);
    expect(await targets()).toEqual(['all 198.51.100.66/32']);
    await firewall.apply([{ kind: 'remove', ...twin }]);
    expect(await targets()).toEqual([]);
    await firewall.sync(desired({ blocks: [{ ...twin, timeoutS: 60 }, block('203.0.113.9/32')] }));
    await firewall.remove();
    expect(files()).toEqual(untouched);
  }, 240_000);

  it('leaves an nftables table of ours alone at a reload, a reset and a new start', async () => {
    const nftables = createNftables({ command: [...lab.agent.prefix, 'nft'] });
    await nftables.sync(desired({ blocks: [block('203.0.113.7/32')] }));
    for (const words of [['reload'], ['--force', 'reset'], ['--force', 'enable']]) {
      await ufw(...words);
      expect((await nftables.look()).present).toBe(true);
    }
    expect((await nftables.read()).blocks).toMatchObject([{ target: '203.0.113.7/32' }]);
    await nftables.remove();
    await nftables.close();
  }, 240_000);

  it('says that its lock is held, writes nothing then, and works afterwards', async () => {
    await firewall.sync(desired());
    const untouched = files();
    const [ip = '', ...rest] = before;
    const hold =
      'import fcntl, sys; lock = open("/run/ufw.lock", "w"); fcntl.lockf(lock, fcntl.LOCK_EX); ' +
      'print("held", flush=True); sys.stdin.read()';
    const holder = execa(ip, [...rest, 'python3', '-c', hold], { stdin: 'pipe', buffer: false });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const change = { kind: 'add', target: '203.0.113.7/32', scope: 'all', timeoutS: 60 } as const;
    await expect(firewall.apply([change])).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: expect.stringContaining('/run/ufw.lock') as string,
    });
    expect(files()).toEqual(untouched);
    holder.stdin.end();
    await holder;
    await firewall.apply([change]);
    expect(await targets()).toEqual(['all 203.0.113.7/32']);
    await firewall.remove();
  }, 240_000);

  it('leaves 200 rules byte for byte after 500 blocks, their ends from outside, and an uninstall', async () => {
    const state = lab.makeFolder();
    const rule = (last: number): string =>
      `\n### tuple ### allow any any 0.0.0.0/0 any 10.1.0.${last} in comment=61646d696e\n` +
      `-A ufw-user-input -s 10.1.0.${last} -j ACCEPT\n`;
    const rules = Array.from({ length: 200 }, (_, last) => rule(last)).join('');
    const file = join(folder, 'ufw', 'user.rules');
    writeFileSync(file, rulesFile('user.rules').replace('### RULES ###\n', `$&${rules}`));
    await ufw('reload');
    const [untouched, status] = [files(), await ufw('status', 'verbose')];
    expect(status.match(/ALLOW IN +10\.1\.0\.\d+ +# admin/g)).toHaveLength(200);
    const node = async (words: readonly string[], input = ''): Promise<string> => {
      const [ip = '', ...rest] = [...before, process.execPath, ...words];
      const env = { XDG_STATE_HOME: state, SENTRYPEER_BLOCKING_BACKEND: 'ufw' };
      return (await execa(ip, rest, { input, env, cwd: ROOT })).stdout;
    };
    const blocks = Array.from({ length: 500 }, (_, at) => `203.0.${112 + (at >> 8)}.${at & 255}`);
    const block = (time: string) =>
      node(['bin/run.js', 'blocks', 'import', '-', '--for', time], blocks.join('\n'));
    await block('1s');
    expect((await targets()).length).toBe(500);
    // No agent runs: the timer's command ends them, of which the second is over by now.
    expect(await node(['bin/run.js', 'jobs', 'run', 'expiry'])).toContain('500 blocks ended');
    expect(files()).toEqual(untouched);
    await block('1h');
    expect((await targets()).length).toBe(500);
    const uninstall = `import('./dist/agent/firewall/remove-firewall.js').then((m) => m.takeAwayFirewall())`;
    await node(['-e', uninstall]);
    expect(files()).toEqual(untouched);
    expect(await ufw('status', 'verbose')).toBe(status);
  }, 400_000);

  it('writes 500 blocks at once into the kernel, and leaves foreign rules as they were', async () => {
    for (let index = 0; index < 20; index += 1) {
      await ufw('allow', 'from', `10.1.0.${index}`, 'comment', `branch ${index}`);
    }
    const untouched = files();
    const blocks = Array.from({ length: 500 }, (_, index) =>
      block(`203.0.${113 + (index >> 8)}.${index & 255}/32`),
    );
    await firewall.sync(desired({ blocks }));
    expect((await targets()).length).toBe(500);
    const { stdout } = await lab.agent.exec('iptables', ['-S', 'ufw-user-input']);
    expect(stdout.split('\n').filter((line) => line.endsWith('-j DROP')).length).toBe(501);
    await firewall.apply(
      blocks.slice(0, 300).map(({ target }) => ({ kind: 'remove', target, scope: 'all' })),
    );
    expect((await targets()).length).toBe(200);
    await firewall.remove();
    expect(files()).toEqual(untouched);
  }, 400_000);
});
