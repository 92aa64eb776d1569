import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHook } from '../../src/firewall/hook.js';

describe('a hook', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hook-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** A program of the operator's: JavaScript that has the action and the text of stdin. */
  async function hook(source: string, hookMsMax = 10_000) {
    const file = join(folder, 'hook.mjs');
    const head = `import { readFileSync, appendFileSync } from 'node:fs';
      const action = process.argv.at(-1); const text = readFileSync(0, 'utf8');`;
    await writeFile(file, `${head}\n${source}`);
    return createHook({ hookCommand: [process.execPath, file, 'own-argument'], hookMsMax });
  }

  it('gets its arguments, one word, and JSON on stdin', async () => {
    const log = join(folder, 'log');
    const program = await hook(
      `appendFileSync(${JSON.stringify(log)}, process.argv[2] + ' ' + action + ' ' + text);
       if (action === 'probe') console.log('pf 7');`,
    );
    expect(await program.probe()).toContain('pf 7');
    const block = { target: '203.0.113.7/32', scope: 'all', timeoutS: 60 } as const;
    await program.sync({
      protect: ['192.0.2.1/32'],
      sipPorts: [5060],
      trap: { udpPorts: [5060], tcpPorts: [5060, 5061], addresses: ['192.0.2.1'] },
      blocksMax: 9,
      blocks: [block],
      limiting: false,
      storm: { rate: 5, udpPort: 5060, addresses: ['192.0.2.1'] },
    });
    await program.apply([
      { kind: 'add', ...block },
      { kind: 'remove', target: '2001:db8::/64', scope: 'beside' },
    ]);
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    const bodies = lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))) as unknown);
    expect(lines.every((line) => line.startsWith('own-argument '))).toBe(true);
    expect(bodies).toEqual([
      { action: 'probe' },
      {
        action: 'sync',
        protect: ['192.0.2.1/32'],
        sip_ports: [5060],
        trap: { udp_ports: [5060], tcp_ports: [5060, 5061], addresses: ['192.0.2.1'] },
        limit: { on: false, new_flows_per_second: 5, udp_port: 5060, addresses: ['192.0.2.1'] },
        blocks: [{ target: '203.0.113.7/32', scope: 'all', timeout_s: 60 }],
      },
      {
        action: 'apply',
        changes: [
          { action: 'add', target: '203.0.113.7/32', scope: 'all', timeout_s: 60 },
          { action: 'remove', target: '2001:db8::/64', scope: 'beside' },
        ],
      },
    ]);
  });

  it('that refuses is repeated with its own words', async () => {
    const program = await hook(`console.error('no \\x1b route'); process.exit(3);`);
    await expect(program.apply([])).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: expect.stringMatching(/refused apply \(exit 3\): no \\x1b route/) as string,
    });
  });

  it('that hangs is ended with all that it started', async () => {
    const source = `const { spawn } = await import('node:child_process');
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`;
    const program = await hook(source, 700);
    await expect(program.probe()).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: expect.stringContaining('did not finish probe within 700 ms') as string,
    });
  });

  it.each([
    [[], 'no program is named'],
    [['/nonexistent/hook'], '/nonexistent/hook cannot be run'],
  ])('that cannot be called (%j) says so', async (hookCommand, words) => {
    await expect(createHook({ hookCommand }).probe()).rejects.toMatchObject({
      code: 'FIREWALL_MISSING',
      message: expect.stringContaining(words) as string,
    });
  });
});
