import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab, type LabResult } from './lab.js';
import { readPageRows, type PageRow } from './page-rows.js';
import { requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['curl', 'openssl']);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SEND = fileURLToPath(new URL('sip-send.mjs', import.meta.url));
const NOT_YET = 'does not serve it yet';

/** What this repository would hold if a line for getting the program worked, by its first words. */
const PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^curl /, ['install.sh']],
  [/apt-get /, ['debian', 'packaging/debian']],
  [/^brew /, ['packaging/brew', 'packaging/homebrew']],
  [/^choco /, ['packaging/chocolatey']],
  [/^apk /, ['packaging/alpine']],
  [/^docker /, ['Dockerfile', 'packaging/docker']],
  [/^\.\/configure /, ['configure', 'configure.ac']],
];

const ROWS = readPageRows();
const rowsOf = (section: string): readonly PageRow[] =>
  ROWS.filter((row) => row.section === section);

/** `One-liners` are those of one-liners.test.ts. */
const SECTIONS = [
  'Asking',
  'Starting',
  'Keys of the configuration file',
  'Environment variables',
  'The HTTP API',
  'Getting it',
  'One-liners',
];

describe('the rows of docs/SENTRYPEER.md', () => {
  it('all have a check', () => {
    expect(ROWS.filter((row) => row.works === null)).toEqual([]);
    expect([...new Set(ROWS.map((row) => row.section))]).toEqual(SECTIONS);
  });

  it.each(rowsOf('Getting it'))('$line: $works', ({ line, works }) => {
    const [, files] = PACKAGES.find(([start]) => start.test(line)) ?? [];
    if (files === undefined) throw new Error(`no check for ${line}`);
    expect(works).toBe('not yet');
    expect(files.filter((file) => existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe.skipIf(needs.skip)(`the lines of docs/SENTRYPEER.md ${needs.note}`, () => {
  let lab: Lab;
  let programs: string;

  beforeAll(async () => {
    lab = await createLab();
    programs = lab.makeFolder();
    const program = `exec '${process.execPath}' '${join(ROOT, 'bin/run.js')}' "$@"`;
    for (const [name, script] of [
      ['sentrypeer', program],
      ['sentrypeer-agent', program],
      ['logger', 'exec cat >> "$LOGGED"'],
    ] as const) {
      writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(programs, name), 0o755);
    }
  }, 30_000);

  afterAll(() => lab.close());

  /** The line as it is typed, with the places that it names in one folder. */
  const inFolder = (line: string, folder: string): string =>
    line.replaceAll(/\/(var\/(lib|log)|etc)\/sentrypeer\/|\/my\/location\//g, `${folder}/`);

  const environment = (folder: string): Record<string, string> => ({
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    XDG_STATE_HOME: folder,
    LOGGED: join(folder, 'logged'),
  });

  const type = (line: string, folder: string): Promise<LabResult> =>
    lab.agent.exec('bash', ['-c', inFolder(line, folder)], {
      cwd: folder,
      env: environment(folder),
      reject: false,
    });

  describe('Asking, and the API', () => {
    let agent: LabAgent;

    beforeAll(async () => {
      agent = await startAgent(lab, { env: { SENTRYPEER_LEGACY_API_PORT: '8082' } });
      const words = [SEND, lab.attacker.ipv4, lab.agent.ipv4, '2', '400', 'INVITE', 'a phone'];
      await lab.attacker.exec(process.execPath, words);
      const log = join(agent.stateDir, 'sentrypeer', 'sentrypeer.json');
      await waitUntil('the call is logged', () => readFileSync(log, 'utf8').includes('INVITE'));
    }, 60_000);

    afterAll(() => agent.stop('SIGTERM'));

    it.each(rowsOf('Asking'))('$line: $works', async ({ line, works }) => {
      const { exitCode, stdout, stderr } = await type(line, agent.stateDir);
      expect(works).toBe('yes');
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout.trim()).not.toBe('');
      if (line.endsWith(' word')) expect(stderr).toContain('word is no telephone number');
      const early = await type(line, lab.makeFolder());
      // As grep: a question that no number answers.
      expect(early.exitCode).toBe(line.includes('numbers query') ? 1 : 0);
      expect(early.stdout.trim()).not.toBe('');
    });

    it.each(rowsOf('The HTTP API'))('$line: $works', async ({ line, works }) => {
      const { exitCode, stdout } = await type(line, agent.stateDir);
      // 7: nobody listens there.
      expect({ works, exitCode }).toEqual({ works, exitCode: works === 'not yet' ? 7 : 0 });
      if (works === 'yes') expect(JSON.parse(stdout)).toBeTypeOf('object');
    });
  });

  describe.each(['Keys of the configuration file', 'Environment variables'])('%s', (section) => {
    it.each(rowsOf(section))('$line: $works', async ({ line, works }) => {
      const folder = lab.makeFolder();
      const [name = ''] = line.split(/ ?=/);
      const isKey = section.startsWith('Keys');
      writeFileSync(join(folder, 'agent.conf'), isKey ? inFolder(line, folder) : '');
      writeFileSync(join(folder, 'sentrypeer.toml'), '');
      const check = 'sentrypeer-agent config check';
      const { exitCode, stderr } = await type(
        isKey ? `${check} -c agent.conf` : `${line} ${check}`,
        folder,
      );
      expect({ exitCode, stderr }).toMatchObject({ exitCode: works === 'no' ? 3 : 0 });
      expect(stderr.includes(NOT_YET)).toBe(works === 'not yet');
      if (works === 'no' || works === 'not yet') expect(stderr).toContain(name);
      else expect(stderr).toBe('');
    });
  });

  describe('Starting', () => {
    /** What a line needs of its surroundings; what is kept stays in the folder. */
    async function prepare(line: string, folder: string): Promise<Record<string, string>> {
      const places = [
        ['database_file', 'agent.db'],
        ['log_file', 'agent.log'],
        ['json_log_file', 'agent.json'],
        ['control_socket', 'agent.sock'],
        ['rules_dir', 'rules.d'],
      ] as const;
      const lines = places.map(([key, name]) => `${key} = ${join(folder, name)}`);
      const text = `${lines.join('\n')}\n[blocking]\nmode = observe\n`;
      writeFileSync(join(folder, 'sentrypeer.conf'), text);
      writeFileSync(join(folder, 'sentrypeer.toml'), 'tls_listen_address = "0.0.0.0:5061"\n');
      if (line.includes('key.pem')) {
        const words =
          'req -x509 -newkey rsa:2048 -nodes -subj /CN=pbx -keyout key.pem -out cert.pem';
        await lab.agent.exec('openssl', words.split(' '), { cwd: folder });
      }
      // Without a word it is the configuration that says so; the others get theirs by variables.
      if (/^sentrypeer-agent( \||$)/.test(line)) {
        return { SENTRYPEER_CONFIG: join(folder, 'sentrypeer.conf') };
      }
      const named = places.filter(([key]) => key !== 'database_file' || !line.includes(' -f '));
      const variables = named.map(([key, name]): [string, string] => [
        `SENTRYPEER_${key.toUpperCase()}`,
        join(folder, name),
      ]);
      variables.push(['SENTRYPEER_BLOCKING_MODE', 'observe']);
      return Object.fromEntries<string>(variables);
    }

    it.each(rowsOf('Starting'))(
      '$line: $works',
      async ({ line, works }) => {
        const folder = lab.makeFolder();
        const env = { ...environment(folder), ...(await prepare(line, folder)) };
        mkdirSync(join(folder, 'rules.d'));
        const typed = lab.agent.spawn('bash', ['-c', inFolder(line, folder)], { cwd: folder, env });
        const logged = (): string =>
          existsSync(env['LOGGED'] ?? '') ? readFileSync(env['LOGGED'] ?? '', 'utf8') : '';
        const said = (): string => [...typed.stdout, ...typed.stderr, logged()].join('\n');
        const isUp = (): boolean => /^listening |in the background, pid/m.test(said());
        await waitUntil('it runs, or ends', () => isUp() || typed.hasEnded(), 15_000);
        const background = /in the background, pid (\d+)/.exec(said())?.[1];
        try {
          expect({ up: isUp(), said: said() }).toMatchObject({ up: works !== 'no' });
          if (works === 'yes') expect(said()).not.toContain(NOT_YET);
          if (works === 'not yet') expect(said()).toContain(NOT_YET);
          if (works === 'no') expect(said()).toContain('nothing would be left to run');
          if (line.includes('1234567890')) expect(said()).not.toMatch(/-c 1234567890/);
          if (line.includes(' -f ')) expect(existsSync(join(folder, 'sentrypeer.db'))).toBe(true);
          if (line.includes(' -l ')) expect(said()).toContain(join(folder, 'sentrypeer_json.log'));
          if (/-z |-g /.test(line)) expect(said()).toMatch(/^listening .*tls [^ ]*:5061/m);
        } finally {
          if (background === undefined) typed.kill();
          else process.kill(Number(background), 'SIGTERM');
        }
        if (background === undefined) await typed.exited;
        else await waitUntil('it has ended', () => !existsSync(`/proc/${background}`));
      },
      30_000,
    );

    it('without a word, a configuration or a terminal helps on stderr, and opens nothing', async () => {
      const { exitCode, stdout, stderr } = await type('sentrypeer-agent', lab.makeFolder());
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain('USAGE');
    });
  });
});
