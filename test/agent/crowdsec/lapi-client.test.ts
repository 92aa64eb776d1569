import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLapiClient, type LapiClient } from '../../../src/agent/crowdsec/lapi-client.js';

const DECISION = {
  origin: 'detector',
  type: 'ban',
  scope: 'Ip',
  value: '203.0.113.7',
  duration: '1h0m0s',
  scenario: 'sentrypeer/a-rule',
  madeAt: '2026-01-01T00:00:00.000Z',
} as const;

describe('the client of a local API', () => {
  let folder: string;
  let server: Server;
  let client: LapiClient;
  let asked: { line: string; token: string | undefined; body: unknown }[];
  /** What it answers by path; a number is a status. */
  let answers: Record<string, unknown>;
  let logins: number;
  let nowMs: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentrypeer-lapi-'));
    await writeFile(join(folder, 'password'), 'secret\n');
    [asked, answers, logins, nowMs] = [[], {}, 0, 0];
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const [path = ''] = (request.url ?? '').split('?');
        const text = Buffer.concat(parts).toString();
        const body: unknown = text === '' ? null : JSON.parse(text);
        const line = `${request.method ?? ''} ${request.url ?? ''}`;
        if (path === '/v1/watchers/login') logins += 1;
        else asked.push({ line, token: request.headers.authorization, body });
        const login = { code: 200, token: `t${logins}`, expire: new Date(3_600_000).toISOString() };
        const answer = path === '/v1/watchers/login' ? login : (answers[path] ?? null);
        response.statusCode = typeof answer === 'number' ? answer : 200;
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = createLapiClient(
      {
        url: `http://127.0.0.1:${port}`,
        machineId: 'trap',
        passwordFile: join(folder, 'password'),
        version: '1.2.3',
      },
      () => nowMs,
    );
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it('logs in once, and again before the login ends', async () => {
    await client.end('203.0.113.7');
    await client.end('2001:db8::/64');
    expect(asked.map(({ token }) => token)).toEqual(['Bearer t1', 'Bearer t1']);
    expect(asked[1]?.line).toBe(
      'DELETE /v1/decisions?value=2001%3Adb8%3A%3A%2F64&origin=sentrypeer-trap',
    );
    nowMs = 3_600_000 - 59_000;
    await client.end('203.0.113.7');
    expect(asked.at(-1)?.token).toBe('Bearer t2');
  });

  it('logs in anew where its login is not known any more', async () => {
    await client.end('203.0.113.7');
    answers['/v1/decisions'] = 401;
    await expect(client.end('203.0.113.7')).rejects.toThrow('DELETE /decisions: 401');
    expect(logins).toBe(2);
  });

  it('sends an alert with every field that is required', async () => {
    await client.push([DECISION]);
    expect(asked[0]?.body).toEqual([
      {
        scenario: 'sentrypeer/a-rule',
        scenario_hash: '',
        scenario_version: '1.2.3',
        message: '203.0.113.7 blocked by sentrypeer/a-rule',
        events_count: 1,
        start_at: DECISION.madeAt,
        stop_at: DECISION.madeAt,
        capacity: 0,
        leakspeed: '0',
        simulated: false,
        events: [],
        source: { scope: 'Ip', value: '203.0.113.7', ip: '203.0.113.7' },
        decisions: [
          {
            origin: 'sentrypeer-trap',
            type: 'ban',
            scope: 'Ip',
            value: '203.0.113.7',
            duration: '1h0m0s',
            scenario: 'sentrypeer/a-rule',
          },
        ],
      },
    ]);
  });

  it('reads which of its own decisions are active, of several the longest', async () => {
    const own = { origin: 'sentrypeer-trap', value: '203.0.113.7' };
    answers['/v1/alerts'] = [
      {
        decisions: [
          { ...own, duration: '1m5.5s' },
          { ...own, duration: '2h0m1s' },
        ],
      },
      { decisions: [{ ...own, value: '10.0.0.1', duration: '-5s' }] },
      { decisions: [{ origin: 'cscli', value: '10.0.0.2', duration: '1h' }] },
      { decisions: null },
    ];
    expect(await client.activeValues()).toEqual(new Map([['203.0.113.7', 7_201]]));
    answers['/v1/alerts'] = null;
    expect(await client.activeValues()).toEqual(new Map());
  });

  it('asks the allowlists, and takes an older one without them for one with empty ones', async () => {
    answers['/v1/allowlists/check'] = {
      results: [{ target: '203.0.113.7', allowlists: ['mine'] }],
    };
    expect(await client.allowlisted(['203.0.113.7', '10.0.0.1'])).toEqual(new Set(['203.0.113.7']));
    answers['/v1/allowlists/check'] = 404;
    expect(await client.allowlisted(['203.0.113.7'])).toEqual(new Set());
    answers['/v1/allowlists/check'] = 500;
    await expect(client.allowlisted(['203.0.113.7'])).rejects.toThrow('500');
  });

  it('says what is wrong: a password that is not there, an answer that is none', async () => {
    answers['/v1/alerts'] = { odd: true };
    await expect(client.activeValues()).rejects.toThrow();
    await rm(join(folder, 'password'));
    nowMs = 4_000_000;
    await expect(client.end('203.0.113.7')).rejects.toThrow(/password/);
    await writeFile(join(folder, 'password'), 'secret');
  });
});
