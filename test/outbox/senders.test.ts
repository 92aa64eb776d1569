import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WebhookKind } from '../../src/core/model/alert-target.js';
import { createCommand } from '../../src/outbox/senders/command.js';
import { TEMPLATES } from '../../src/outbox/senders/templates.js';
import { noticeAsJson } from '../../src/outbox/senders/plain-text.js';
import { createWebhook, readRetryAfter } from '../../src/outbox/senders/webhook.js';
import { makeNotice } from './notices.js';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const NOTHING: Asked = { method: undefined, url: undefined, headers: {}, body: '' };
const NOW_US = 1_796_117_420_000_000;

/** A port that nobody listens on: it was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const ORIGIN = { agent: 'sentrypeer-agent/1', host: 'pbx-1' };

describe('a webhook', () => {
  let server: Server;
  let base = '';
  const asked: Asked[] = [];
  let answer: { status: number; headers: Record<string, string>; body: string };

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { method, url, headers } = request;
        asked.push({ method, url, headers, body });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    answer = { status: 200, headers: {}, body: 'ok' };
  });
  afterEach(() => {
    asked.length = 0;
    answer = { status: 200, headers: {}, body: 'ok' };
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const sender = (kind: WebhookKind, path = '/hook', secret = '') =>
    createWebhook({
      ...{ name: kind, kind, secret, url: `${base}${path}` },
      ...{ origin: ORIGIN, nowUs: () => NOW_US },
    });

  it('signs what it sends with the second, so that an old one cannot be sent again', async () => {
    await sender('json', '/hook', 's3cret').send(makeNotice());
    const [{ headers, body } = NOTHING] = asked;
    const t = NOW_US / 1_000_000;
    const v1 = createHmac('sha256', 's3cret').update(`${t}.${body}`).digest('hex');
    expect(headers['x-sentrypeer-signature']).toBe(`t=${t},v1=${v1}`);
    expect(JSON.parse(body)).toMatchObject({
      kind: 'block',
      count: 1,
      ...ORIGIN,
    });
  });

  it.each([
    [500, {}, 'status 500', null],
    [429, { 'retry-after': '90' }, 'status 429', 90],
    [401, {}, 'status 401: it does not let us in', null],
    [
      307,
      { location: '/elsewhere' },
      'status 307: it is elsewhere, and no redirect is followed',
      null,
    ],
  ])('fails on status %i, in words', async (status, headers, message, retryAfterS) => {
    answer = { status, headers, body: 'x'.repeat(1_000_000) };
    await expect(sender('json').send(makeNotice())).rejects.toMatchObject({ message, retryAfterS });
    expect(asked).toHaveLength(1);
  });

  it('tells of a dead receiver without its address, which may hold a secret', async () => {
    const free = await freePort();
    const dead = createWebhook({
      ...{
        name: 'slack',
        kind: 'slack',
        secret: '',
        url: `http://127.0.0.1:${free}/services/T0/SECRET`,
      },
      ...{ origin: ORIGIN, nowUs: () => NOW_US },
    });
    await expect(dead.send(makeNotice())).rejects.toThrow(/^no connection: ECONNREFUSED$/);
    expect(dead.place).toBe(`slack at 127.0.0.1:${free}`);
  });

  it.each([
    ['telegram', '/bot1:a/sendMessage?chat_id=-7', 'POST', '/bot1:a/sendMessage'],
    [
      'matrix',
      '/_matrix/client/v3/rooms/!a:b/send/m.room.message?access_token=t',
      'PUT',
      '/_matrix/client/v3/rooms/!a:b/send/m.room.message/01a230f4-af01-704c-8e9f-6ade00000008',
    ],
    ['ntfy', '/my-topic', 'POST', '/'],
    ['ntfy', '/behind/a/path/my-topic', 'POST', '/behind/a/path/'],
    ['pagerduty', '/v2/enqueue?routing_key=R', 'POST', '/v2/enqueue'],
  ] as const)('%s: asks %s as it wants', async (kind, path, method, url) => {
    await sender(kind, path).send(makeNotice());
    expect(asked[0]).toMatchObject({ method, url });
  });
});

describe('the words for each service', () => {
  const hostile = makeNotice({
    title: 'User "<!channel> @everyone <b>x</b> [a](http://evil) \u0007\u202e"',
    lines: ['*bold* _it_ `code` @all ~x~ # head', 'x'.repeat(100_000)],
  });
  const bodyOf = (kind: WebhookKind): string =>
    TEMPLATES[kind](hostile, new URL('https://example.org/t?chat_id=1&routing_key=2'), ORIGIN).body;

  it.each(Object.keys(TEMPLATES) as WebhookKind[])(
    '%s: valid JSON without control letters',
    (kind) => {
      const body = bodyOf(kind);
      expect(() => JSON.parse(body) as unknown).not.toThrow();
      expect(body).not.toMatch(/[\u0000-\u001f\u202e]/);
    },
  );

  it.each(Object.keys(TEMPLATES) as WebhookKind[])('%s: says which host it is from', (kind) => {
    expect(bodyOf(kind)).toMatch(/pbx\\*-1/);
  });

  it('of Slack leave no mark of its own', () => {
    const { text } = JSON.parse(bodyOf('slack')) as { text: string };
    expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  });

  it('calls nobody and formats nothing', () => {
    expect(bodyOf('slack')).not.toContain('<!channel>');
    const discord = JSON.parse(bodyOf('discord')) as { content: string; allowed_mentions: object };
    expect(discord.allowed_mentions).toEqual({ parse: [] });
    expect(discord.content).not.toMatch(/@everyone|(?<!\\)[*_`[]/);
    expect(discord.content.length).toBeLessThanOrEqual(2_000);
    expect(bodyOf('mattermost')).not.toMatch(/@all|@everyone/);
    expect(bodyOf('telegram')).not.toContain('parse_mode');
  });
});

it.each([
  ['90', 90],
  ['Tue, 01 Dec 2026 10:17:00 GMT', 1_000],
  ['Tue, 01 Dec 2020 10:17:00 GMT', 0],
  ['soon', null],
  [null, null],
])('reads Retry-After %j', (text, seconds) => {
  const nowUs = Date.parse('Tue, 01 Dec 2026 10:00:20 GMT') * 1_000;
  expect(readRetryAfter(text, nowUs)).toBe(seconds);
});

describe('a command', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sentrypeer-alert-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const program = (text: string): string => {
    const file = join(folder, 'tell');
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it('gets the notice as JSON, and nothing of what the agent’s environment holds', async () => {
    process.env['SENTRYPEER_ALERTS_SMTP_PASSWORD'] = 'hidden';
    const out = join(folder, 'out');
    await createCommand(program(`cat > ${out}; env >> ${out}`), ORIGIN).send(makeNotice());
    const text = readFileSync(out, 'utf8');
    delete process.env['SENTRYPEER_ALERTS_SMTP_PASSWORD'];
    expect(JSON.parse(text.split('\n')[0] ?? '')).toEqual(noticeAsJson(makeNotice(), ORIGIN));
    expect(text).not.toContain('hidden');
  });

  it.each([
    ['exit 3', /^it ended with 3$/],
    ['kill -9 $$', /^it could not be run/],
  ])('fails when it does: %s', async (text, message) => {
    await expect(createCommand(program(text), ORIGIN).send(makeNotice())).rejects.toThrow(message);
  });

  it('fails where there is none', async () => {
    await expect(createCommand('/nowhere/tell', ORIGIN).send(makeNotice())).rejects.toThrow(
      /ENOENT/,
    );
  });
});
