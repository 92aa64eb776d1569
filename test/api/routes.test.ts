import { describe, expect, it } from 'vitest';
import { ANSWER_SCHEMAS, ERROR_SCHEMA } from '../../src/api/document/answer-schemas.js';
import type { Answers } from '../../src/api/answers.js';
import { bearer, BLOCK, makeRig } from './rig.js';

describe('the routes', () => {
  it('answer with the shapes that the document promises', async () => {
    const { ask } = await makeRig();
    const questions: readonly (readonly [string, keyof Answers])[] = [
      ['/healthz', 'health'],
      ['/readyz', 'health'],
      ['/api/v1/stats?top=3', 'stats'],
      ['/api/v1/threats?since=2026-01-01', 'threats'],
      ['/api/v1/events?limit=100&raw=true', 'events'],
      ['/api/v1/events/2', 'event'],
      ['/api/v1/sources?order=messages', 'sources'],
      ['/api/v1/sources/203.0.113.7?events=true', 'source'],
      ['/api/v1/blocks?all=true', 'blocks'],
      ['/api/v1/protect', 'protect'],
      ['/api/v1/numbers', 'numbers'],
      ['/api/v1/numbers/%2B442079460000', 'number'],
      ['/v1/phonenumbers/+442079460000', 'number'],
      ['/api/v1/series?of=transport&span=day&bars=30', 'series'],
      ['/api/v1/networks?since=2026-01-01', 'networks'],
      ['/api/v1/passwords?since=2026-01-01', 'passwords'],
      ['/api/v1/rules', 'rules'],
      ['/api/v1/jobs', 'jobs'],
      ['/api/v1/config', 'config'],
      ['/api/openapi.json', 'document'],
    ];
    for (const [url, name] of questions) {
      const { status, json } = await ask(url);
      expect({ url, status, json }).toMatchObject({ status: 200 });
      expect({ url, wrong: ANSWER_SCHEMAS[name].safeParse(json).error }).toEqual({
        url,
        wrong: undefined,
      });
    }
  });

  it('page through events with the id that each page gives', async () => {
    const { ask } = await makeRig();
    const pages: unknown[] = [];
    for (let next: number | null = 5; next !== null;) {
      const { json } = await ask(`/api/v1/events?limit=3&before=${next}`);
      const page = json as Answers['events'];
      pages.push(page.events.map(({ id }) => id));
      next = page.next_before;
    }
    expect(pages).toEqual([[4, 3, 2], [1]]);
  });

  it('tell who scored, and why', async () => {
    const { ask } = await makeRig();
    const { json } = await ask('/api/v1/threats?since=2026-01-01T00:00:00Z');
    expect(json).toMatchObject({
      threats: [
        {
          address: '203.0.113.7',
          sightings: 2,
          points: 80,
          score: 80,
          threshold: 100,
          block: null,
          why: [
            {
              rule: 'extension-enumeration',
              sightings: 2,
              points: 80,
              reason: '12 user names in 3 s',
              last_at: '2026-01-01T00:00:00.000005Z',
            },
          ],
        },
      ],
    });
    const later = await ask('/api/v1/threats?since=2027-01-01');
    expect(later.json).toMatchObject({ threats: [] });
  });

  it('leave markup of attackers what it is: text in JSON', async () => {
    const { ask } = await makeRig();
    const { headers } = await ask('/api/v1/events?raw=true');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it.each([
    ['/api/v1/events?limit=0', 400],
    ['/api/v1/events?limit=1001', 400],
    ['/api/v1/events?limit=1&limit=2', 400],
    ['/api/v1/events?since=yesterday', 400],
    ['/api/v1/events?source=%3Cscript%3E', 400],
    ['/api/v1/events?attack_type=none', 400],
    ['/api/v1/events/99', 404],
    ['/api/v1/sources/192.0.2.99', 404],
    ['/api/v1/sources/..%2f..%2fetc%2fpasswd', 400],
    ['/api/v1/numbers/word', 400],
    ['/api/v1/numbers/+4930123456', 404],
    ['/api/v1/../../etc/passwd', 404],
    ['//evil.example/api', 404],
  ])('answer %s with %i and an error that names a remedy', async (url, expected) => {
    const { ask } = await makeRig();
    const { status, json } = await ask(url);
    expect(status).toBe(expected);
    expect(ERROR_SCHEMA.safeParse(json).success).toBe(true);
  });

  it('do not tell what is secret in the configuration', async () => {
    const { ask } = await makeRig();
    const { text, json } = await ask('/api/v1/config');
    expect(text).not.toContain('changeme');
    expect((json as Answers['config']).settings).toContainEqual(
      expect.objectContaining({ key: 'lure_passwords', value: '(hidden)' }),
    );
  });

  it('ask once for all who ask the same meanwhile', async () => {
    let asked = 0;
    const { ask } = await makeRig({ rules: () => Promise.resolve(((asked += 1), [])) });
    await Promise.all(Array.from({ length: 20 }, () => ask('/api/v1/rules')));
    expect(asked).toBe(1);
  });

  it('tell a fault without its inside, and say it in the log', async () => {
    const { ask, said } = await makeRig({
      jobs: () => Promise.reject(new Error('at /secret/path')),
    });
    const { status, text } = await ask('/api/v1/jobs');
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
    expect(said).toEqual(['a request failed: GET /api/v1/jobs: at /secret/path']);
  });

  it('say that the agent is not well with 503', async () => {
    const { ask, services } = await makeRig();
    const sick = { alive: { store_thread: false }, ready: { firewall: false } };
    Object.assign(services.facts, { health: () => sick });
    expect(await ask('/healthz')).toMatchObject({ status: 503, json: { ok: false } });
    expect(await ask('/readyz')).toMatchObject({
      status: 503,
      json: { checks: { store_thread: false, firewall: false, database_readable: true } },
    });
  });
});

describe('blocking over the API', () => {
  it('takes the duration of the configuration where none is named, and notes who it was', async () => {
    const { ask, asked, said, tokens } = await makeRig();
    const { status, json } = await ask('/api/v1/blocks', {
      method: 'POST',
      ...bearer(tokens.block),
      payload: { target: '203.0.113.9', reason: 'line\nbreak' },
    });
    expect({ status, json }).toEqual({ status: 200, json: { block: BLOCK } });
    expect(asked).toEqual([
      {
        target: '203.0.113.9',
        scope: 'all',
        duration_s: 3_600,
        reason: 'line\nbreak',
        force: false,
      },
      'api',
    ]);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^api: token blocker from 127\.0\.0\.1: POST \/api\/v1\/blocks /);
    expect(said[0]).not.toContain('\n');
  });

  it('over a protected peer takes the scope admin', async () => {
    const { ask, asked, tokens } = await makeRig();
    const payload = { target: '203.0.113.9', force: true };
    const question = (token: string) =>
      ask('/api/v1/blocks', { method: 'POST', ...bearer(token), payload });
    expect((await question(tokens.block)).status).toBe(403);
    expect(asked).toEqual([]);
    expect((await question(tokens.admin)).status).toBe(200);
  });

  it('ends a block, and says that there is none', async () => {
    const { ask, said, tokens } = await makeRig();
    const more = { method: 'DELETE', ...bearer(tokens.block) } as const;
    const { status } = await ask('/api/v1/blocks?target=192.0.2.1', more);
    expect(status).toBe(404);
    expect(said[0]).toContain('refused: no block of 192.0.2.1');
  });
});
