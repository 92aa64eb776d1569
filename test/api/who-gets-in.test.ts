import { describe, expect, it } from 'vitest';
import { refuseUnsafe } from '../../src/agent/control/api-door.js';
import { may, type Caller, type Right } from '../../src/api/server/caller.js';
import { ROUTES } from '../../src/api/routes/all-routes.js';
import { findToken, makeToken } from '../../src/api/server/tokens.js';
import { decideSettings } from '../../src/config/load.js';
import type { StoredToken } from '../../src/store/types.js';
import { bearer, makeRig } from './rig.js';

const STATS = '/api/v1/stats';
const ELSEWHERE = { remoteAddress: '192.0.2.77' };

describe('who gets in', () => {
  it.each<[Caller, Right, boolean, boolean]>([
    [{ kind: 'stranger' }, 'open', false, true],
    [{ kind: 'stranger' }, 'read', true, false],
    [{ kind: 'local' }, 'read', true, true],
    [{ kind: 'local' }, 'read', false, false],
    [{ kind: 'local' }, 'block', true, false],
    [{ kind: 'asking' }, 'read', false, true],
    [{ kind: 'asking' }, 'block', false, false],
    [{ kind: 'steering' }, 'host', false, true],
    [{ kind: 'token', name: 'a', scope: 'read' }, 'read', false, true],
    [{ kind: 'token', name: 'a', scope: 'read' }, 'block', false, false],
    [{ kind: 'token', name: 'a', scope: 'block' }, 'read', false, true],
    [{ kind: 'token', name: 'a', scope: 'admin' }, 'block', false, true],
    [{ kind: 'token', name: 'a', scope: 'admin' }, 'host', true, false],
  ])('%j asks for %s: %s %s', (caller, right, localReads, expected) => {
    expect(may(caller, right, localReads)).toBe(expected);
  });

  it('reads on this host without a token, until that is closed', async () => {
    const { ask, rules } = await makeRig();
    expect((await ask(STATS)).status).toBe(200);
    expect((await ask(STATS, { remoteAddress: '::1' })).status).toBe(200);
    expect((await ask(STATS, { remoteAddress: '::ffff:127.0.0.1' })).status).toBe(200);
    rules.readWithoutToken = false;
    expect((await ask(STATS)).status).toBe(401);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('is nobody from elsewhere, nor through a proxy of this host, without a token', async () => {
    const { ask, tokens } = await makeRig();
    expect((await ask(STATS, ELSEWHERE)).status).toBe(401);
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      expect((await ask(STATS, { headers: { [header]: '127.0.0.1' } })).status).toBe(401);
    }
    expect((await ask(STATS, { ...ELSEWHERE, ...bearer(tokens.read) })).status).toBe(200);
    const key = { headers: { 'x-api-key': tokens.read } };
    expect((await ask(STATS, { ...ELSEWHERE, ...key })).status).toBe(200);
  });

  it.each([
    ['none that was made', 'Bearer spa_x'],
    ['an empty one', 'Bearer '],
    ['a password', 'Basic YTpi'],
    ['a very long one', `Bearer ${'x'.repeat(5_000)}`],
  ])('is not let in with %s, not even on this host', async (_name, authorization) => {
    const { ask } = await makeRig();
    expect((await ask(STATS, { headers: { authorization } })).status).toBe(401);
  });

  it('is not let in with a token whose time is over', async () => {
    const { ask, tokens } = await makeRig();
    expect((await ask(STATS, bearer(tokens.expired))).status).toBe(401);
  });

  it('changes nothing without the scope that each route names', async () => {
    const { ask, asked, tokens } = await makeRig();
    const changing = ROUTES.filter(({ method, right }) => method !== 'GET' && right !== 'read');
    expect(changing.length).toBeGreaterThan(8);
    for (const { method, path } of changing) {
      const url = path.replace(/\{\w+\}/g, 'x');
      const payload = { headers: { 'content-type': 'application/json' }, payload: '{}' };
      const without = await ask(url, { method, ...payload });
      expect({ path, status: without.status }).toEqual({
        path,
        status: path.includes('token') || path.includes('confirm') ? 403 : 401,
      });
      const reading = { ...payload.headers, ...bearer(tokens.read).headers };
      const weak = await ask(url, { method, ...payload, headers: reading });
      expect({ path, status: weak.status }).toEqual({ path, status: 403 });
    }
    expect(asked).toEqual([]);
  });

  it('is not a page of a stranger, nor one that has bound its name to us', async () => {
    const { ask, tokens } = await makeRig();
    const withHost = async (host: string): Promise<number> =>
      (await ask(STATS, { headers: { host } })).status;
    expect(await withHost('evil.example')).toBe(403);
    expect(await withHost('evil.example:8080')).toBe(403);
    expect(await withHost('127.0.0.1.evil.example')).toBe(403);
    expect(await withHost('localhost:8080')).toBe(200);
    expect(await withHost('[::1]:8080')).toBe(200);
    expect(await withHost('192.0.2.1')).toBe(200);
    expect(await withHost('PBX.example.org')).toBe(200);
    const from = async (origin: string): Promise<number> => {
      const headers = { ...bearer(tokens.admin).headers, host: 'localhost:8080', origin };
      return (await ask('/api/v1/protect?name=x', { method: 'DELETE', headers })).status;
    };
    expect(await from('http://evil.example')).toBe(403);
    expect(await from('null')).toBe(403);
    expect(await from('http://localhost:8080')).toBe(200);
  });

  it('is told off after too many requests, and after too many refused ones', async () => {
    const { ask, rules } = await makeRig();
    let last = 0;
    for (let times = 0; times < 32; times += 1) last = (await ask(STATS, ELSEWHERE)).status;
    expect(last).toBe(429);
    expect((await ask(STATS)).status).toBe(200);
    rules.requestsPerMinute = 3;
    for (let times = 0; times < 4; times += 1) {
      last = (await ask('/nothing', { remoteAddress: `2001:db8::${times}` })).status;
    }
    // One /64 is one source.
    expect(last).toBe(429);
  });

  it('cannot send more than the bounds, nor another kind of body', async () => {
    const { ask, tokens } = await makeRig();
    const post = (type: string, payload: string) =>
      ask('/api/v1/blocks', {
        method: 'POST',
        headers: { ...bearer(tokens.admin).headers, 'content-type': type },
        payload,
      });
    expect((await post('application/json', `"${'x'.repeat(1_100_000)}"`)).status).toBe(413);
    expect((await post('text/plain', '{"target":"203.0.113.9"}')).status).toBe(415);
    expect((await post('application/x-www-form-urlencoded', 'target=1.1.1.1')).status).toBe(415);
    expect((await post('application/json', '{"__proto__":{"a":1}}')).status).toBe(400);
    expect((await post('application/json', '{')).status).toBe(400);
  });
});

describe('a token', () => {
  it('is found by its text alone', () => {
    const made = [makeToken(), makeToken()];
    const stored = made.map(({ hash }, at): StoredToken => {
      return { name: `t${at}`, scope: 'read', hash, createdAtUs: 0, expiresAtUs: null };
    });
    expect(findToken(stored, made[1]?.token ?? '')?.name).toBe('t1');
    expect(findToken(stored, made[0]?.hash ?? '')).toBeNull();
    expect(findToken(stored, '')).toBeNull();
    expect(JSON.stringify(stored)).not.toContain(made[0]?.token);
  });
});

describe('an address that others reach', () => {
  const token: StoredToken = {
    name: 'a',
    scope: 'read',
    hash: '',
    createdAtUs: 0,
    expiresAtUs: 100,
  };
  const refusal = (text: string, tokens: readonly StoredToken[], nowUs = 0): string => {
    const { settings } = decideSettings({ file: '/x.conf', env: {}, flags: {} }, text);
    try {
      refuseUnsafe(settings, tokens, nowUs);
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };

  it.each([
    ['api_address = 127.0.0.1', [], 0, ''],
    ['api_address = ::1', [], 0, ''],
    ['api_address = 0.0.0.0', [], 0, 'there is no token'],
    ['api_address = ::', [token], 100, 'there is no token'],
    ['api_address = 192.0.2.1', [token], 0, 'without TLS'],
    ['api_address = 192.0.2.1\napi_without_tls = true', [token], 0, ''],
    ['api_address = 192.0.2.1\napi_tls_certificate_file = /a.pem', [token], 0, ''],
    ['api_address = 192.0.2.1\nenable_api = false', [], 0, ''],
  ])('%j with %j is refused for %s', (text, tokens, nowUs, expected) => {
    const why = refusal(text, tokens, nowUs);
    if (expected === '') expect(why).toBe('');
    else expect(why).toContain(expected);
  });
});
