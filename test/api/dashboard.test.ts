import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { listDashboard } from '../../src/api/dashboard-files.js';
import { buildServer } from '../../src/api/server/http.js';
import { dashboardRoutes } from '../../src/api/routes/dashboard-routes.js';
import { makeRig } from './rig.js';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A page as the build leaves it, and beside it what is none of it. */
async function makePage(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sentrypeer-page-'));
  folders.push(root);
  await mkdir(join(root, 'dashboard', 'assets', 'folder.js'), { recursive: true });
  const files = {
    'secret.js': 'secret',
    'dashboard/index.html': '<!doctype html>',
    'dashboard/.stamp': 'secret',
    'dashboard/assets/a-1.js': '// script',
    'dashboard/assets/a-1.css': 'body {}',
    'dashboard/assets/a-1.js.map': 'secret',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  return join(root, 'dashboard');
}

/** The page over the services of the rig, at a door where only what is open is let in. */
async function serve(folder: string) {
  const { services } = await makeRig();
  const door = {
    identify: () => ({ kind: 'stranger' as const }),
    localReads: () => false,
    open: true,
    refuse: () => Promise.resolve(new Error('may not')) as never,
  };
  const files = listDashboard(folder);
  const routes = dashboardRoutes(() => files);
  const server = await buildServer({ services, routes, door, say: () => undefined });
  return (url: string) => server.inject({ method: 'GET', url });
}

const TRICKS = [
  ...[
    '..%2fsecret.js',
    '..%2f..%2fsecret.js',
    '%2e%2e/secret.js',
    '../secret.js',
    '..%5csecret.js',
  ],
  ...['a-1.js%00', 'a-1.js/', './a-1.js.map', 'a-1.js.map', '.stamp', '..%2f.stamp', 'folder.js'],
  ...[
    'constructor',
    '__proto__',
    '%',
    'a%2f..%2fa-1.js',
    '/etc/passwd',
    '%2fetc%2fpasswd',
    'A-1.JS',
  ],
];

describe('the dashboard', () => {
  it('is open to all, with a policy that lets nothing inline run, and asked for each time', async () => {
    const ask = await serve(await makePage());
    const { statusCode, headers, payload } = await ask('/');
    expect({ statusCode, payload }).toEqual({ statusCode: 200, payload: '<!doctype html>' });
    expect(headers['cache-control']).toBe('no-cache');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toMatch(/unsafe|data:|\*|https?:/);
  });

  it.each([
    ['a-1.js', 'text/javascript; charset=utf-8', '// script'],
    ['a-1.css', 'text/css; charset=utf-8', 'body {}'],
  ])('serves %s to keep for a year', async (name, type, text) => {
    const ask = await serve(await makePage());
    const { statusCode, headers, payload } = await ask(`/assets/${name}`);
    expect({ statusCode, payload }).toEqual({ statusCode: 200, payload: text });
    expect(headers['content-type']).toBe(type);
    expect(headers['cache-control']).toContain('immutable');
  });

  it('has nothing but what was listed, however it is written', async () => {
    const ask = await serve(await makePage());
    for (const name of TRICKS) {
      const { statusCode, payload } = await ask(`/assets/${name}`);
      expect([name, [400, 404].includes(statusCode)]).toEqual([name, true]);
      expect(payload).not.toMatch(/^secret|root:/);
    }
  });

  it('says so where another build has taken a file away', async () => {
    const folder = await makePage();
    const ask = await serve(folder);
    expect((await ask('/assets/a-1.js')).statusCode).toBe(200);
    await rm(join(folder, 'assets', 'a-1.js'));
    expect((await ask('/assets/a-1.js')).statusCode).toBe(404);
  });

  it('says so where it was not built', async () => {
    const ask = await serve(join(tmpdir(), 'sentrypeer-there-is-none'));
    const { statusCode, payload } = await ask('/');
    expect(statusCode).toBe(404);
    expect(payload).toContain('npm run build');
  });
});

it('other answers keep the policy under which no script runs', async () => {
  const { ask } = await makeRig();
  const { headers } = await ask('/api/docs');
  expect(String(headers['content-security-policy'])).not.toContain('script-src');
});
