import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertsView, AlertTest } from '../../src/api/views.js';
import { createLab, type Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { runCommand, runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'svwar', 'openssl', 'aiosmtpd']);

const RECEIVE = fileURLToPath(new URL('receive-posts.mjs', import.meta.url));

interface Posted {
  readonly status: number;
  readonly body: { readonly id: string; readonly kind: string; readonly lines: readonly string[] };
}

describe.skipIf(needs.skip)(`alerts of a real agent ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;
  let status: string;
  let posts: LabProcess;
  let mail: LabProcess;

  beforeEach(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
    status = join(folder, 'status');
    writeFileSync(status, '503');
    posts = lab.agent.spawn(process.execPath, [RECEIVE, '8400', status]);
    await posts.line((each) => each === 'open');
    await lab.agent.exec('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
    ]);
    mail = lab.agent.spawn(
      'aiosmtpd',
      [
        ...['-n', '-l', 'localhost:2465', '-c', 'aiosmtpd.handlers.Debugging', 'stdout'],
        ...['--smtpscert', join(folder, 'cert.pem'), '--smtpskey', join(folder, 'key.pem')],
      ],
      { env: { PYTHONUNBUFFERED: '1' } },
    );
    await waitUntil('the mail server listens', async () =>
      (await lab.agent.exec('ss', ['-Hltn'])).stdout.includes(':2465'),
    );
  });

  afterEach(async () => {
    await lab.close();
  });

  const start = (): Promise<LabAgent> => {
    const places = ['database_file', 'log_file', 'json_log_file', 'control_socket', 'rules_dir'];
    const file = join(folder, 'agent.conf');
    writeFileSync(
      file,
      `${places.map((key) => `${key} = ${join(folder, key)}`).join('\n')}
[alerts]
mail_to = noc@example.org
smtp_server = smtps://localhost:2465
webhooks = json+http://127.0.0.1:8400/hook
webhook_secret = lab
`,
    );
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') };
    return startAgent(lab, { args: ['-c', file], stateDir: folder, env });
  };
  const conf = () => ['-c', join(folder, 'agent.conf')];
  const posted = (): readonly Posted[] =>
    posts.stdout.slice(1).map((line) => JSON.parse(line) as Posted);

  it('arrive by mail over TLS, and by a webhook that was dead, after a kill as well', async () => {
    const agent = await start();
    await lab.attacker.exec('svwar', ['-e100-120', lab.agent.ipv4], { reject: false });
    const subject = (text: string) =>
      mail.stdout.some((line) => line.startsWith('Subject: ') && line.endsWith(`: ${text}`));
    await waitUntil('mail came', () => subject('A source was blocked'));
    expect(mail.stdout).toContain('Auto-Submitted: auto-generated');
    expect(mail.stdout.join('\n')).toContain(`blocked ${lab.attacker.ipv4}/32`);
    await waitUntil('the dead webhook was tried', () => posted().length > 0);
    const before = await runJson<AlertsView>(lab.agent, folder, ['alerts', 'list', ...conf()]);
    expect(before.targets).toMatchObject([
      { name: 'mail', waiting: 0, sent: 1 },
      { name: 'json', waiting: 1, sent: 0 },
    ]);
    expect(before.alerts).toContainEqual(
      expect.objectContaining({ target: 'json', state: 'waiting', error: 'status 503' }),
    );

    await agent.stop('SIGKILL');
    writeFileSync(status, '200');
    await start();
    await waitUntil('it arrived', () => posted().some((each) => each.status === 200));
    const [first, ...others] = posted();
    expect(others.map(({ body }) => body)).toEqual([first?.body]);
    expect(first?.body.lines[0]).toContain('SIPVicious');

    const { tests } = await runJson<{ tests: readonly AlertTest[] }>(lab.agent, folder, [
      ...['alerts', 'test', ...conf()],
    ]);
    expect(tests.map(({ target, error }) => [target, error])).toEqual([
      ['mail', null],
      ['json', null],
    ]);
    await waitUntil('the test came by mail', () => subject('A test of the alerts'));
    writeFileSync(status, '401');
    const failed = await runCommand(lab.agent, folder, ['alerts', 'test', 'json', ...conf()]);
    expect(failed.stdout).toContain('json: NOT TAKEN, status 401: it does not let us in');
    expect(failed.exitCode).toBe(1);
  }, 60_000);
});
