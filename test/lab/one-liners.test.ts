import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { readPageRows } from './page-rows.js';
import { requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['jq', 'sqlite3']);
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
const SEND = fileURLToPath(new URL('sip-send.mjs', import.meta.url));
const PLACES = [
  ['/var/lib/sentrypeer/', ''],
  ['/var/log/sentrypeer/', ''],
] as const;

interface OneLiner {
  readonly line: string;
  readonly works: boolean;
}

/** The table of one-liners in docs/SENTRYPEER.md; its other rows are those of sentrypeer-page.test.ts. */
const fromTable = (): readonly OneLiner[] =>
  readPageRows()
    .filter(({ section }) => section === 'One-liners')
    .map(({ line, works }) => ({ line, works: works === 'yes' }));

/** Shell examples of other documents that read the files. */
function fromExamples(file: string): readonly OneLiner[] {
  const blocks = readFileSync(join(DOCS, file), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g);
  return [...blocks]
    .map(([, text = '']) => text.trim())
    .filter((text) => /^(sqlite3|jq|grep|sed) /.test(text))
    .map((line) => ({ line, works: true }));
}

const ONE_LINERS = [...fromTable(), ...fromExamples('DATABASE.md')];

describe.skipIf(needs.skip)(`the one-liners of the documents ${needs.note}`, () => {
  let lab: Lab;
  let agent: LabAgent;
  let files: string;

  beforeAll(async () => {
    lab = await createLab();
    agent = await startAgent(lab);
    files = join(agent.stateDir, 'sentrypeer');
    for (const [method, userAgent] of [
      ['INVITE', 'a phone'],
      ['OPTIONS', 'friendly-scanner'],
    ]) {
      const words = [SEND, lab.attacker.ipv4, lab.agent.ipv4, '2', '400', method, userAgent];
      await lab.attacker.exec(process.execPath, words.map(String));
    }
    const text = (): string => readFileSync(join(files, 'sentrypeer.json'), 'utf8');
    await waitUntil('the events are logged', () => text().includes('friendly-scanner'));
  }, 60_000);

  afterAll(async () => {
    await agent.stop('SIGTERM');
    await lab.close();
  });

  it('are there', () => {
    expect(ONE_LINERS.length).toBeGreaterThan(12);
    expect(ONE_LINERS.filter(({ works }) => !works)).toHaveLength(2);
  });

  it.each(ONE_LINERS)('$line', async ({ line, works }) => {
    let script = line.replace('tail -f', 'timeout 1 tail -f');
    for (const [from, to] of PLACES) script = script.replaceAll(from, to);
    // What is written into a file is what is looked at.
    script = script.replace(/ > \S+$/, '');
    const result = await lab.agent.exec('bash', ['-c', `set -o pipefail; ${script}`], {
      cwd: files,
      reject: false,
    });
    // A tail that follows is ended from outside.
    const good = line.startsWith('tail -f') ? [0, 124] : [0];
    expect({ ...result, ok: good.includes(result.exitCode ?? -1) }).toMatchObject({ ok: works });
    if (works) expect(result.stdout.trim()).not.toBe('');
    else expect(result.stderr).not.toBe('');
  });
});
