import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load } from './load-script.js';

interface Script {
  readonly buildDashboard: (root: string, before: string, fresh: string) => Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
const BYTES_MAX = 60_000;
let folder = '';
let page = '';
let script: Script;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sentrypeer-dashboard-'));
  page = join(folder, 'first');
  script = await load<Script>('scripts/setup/dashboard.js');
  await script.buildDashboard(ROOT, join(folder, 'none'), page);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const assets = (): string[] => readdirSync(join(page, 'assets'));
const textOf = (name: string): string => readFileSync(join(page, name), 'utf8');

describe('the built dashboard', () => {
  it('is under 60 kB, compressed', () => {
    const files = ['index.html', ...assets().map((name) => join('assets', name))];
    expect(files.length).toBeGreaterThan(3);
    const sizes = files.map((name) => gzipSync(textOf(name)).length);
    expect(sizes.reduce((all, size) => all + size)).toBeLessThan(BYTES_MAX);
  });

  it('has names with a digest, and nothing inline', () => {
    for (const name of assets()) expect(name).toMatch(/^[a-z]+-[\w-]{8}\.(js|css|svg)$/);
    const html = textOf('index.html');
    expect(html).not.toMatch(/<style|style=| on\w+=|javascript:/);
    for (const [, inside = ''] of html.matchAll(/<script[^>]*>([^<]*)/g)) expect(inside).toBe('');
  });

  it('asks nobody else for anything', () => {
    const names = ['index.html', ...assets().map((name) => join('assets', name))];
    const urls = names.flatMap((name) => textOf(name).match(/https?:\/\/[\w.-]+/g) ?? []);
    // Names of XML, which are no places.
    expect(urls.filter((url) => url !== 'http://www.w3.org')).toEqual([]);
  });

  it('makes no code of text, nor markup', () => {
    const scripts = assets().filter((name) => name.endsWith('.js'));
    for (const name of scripts) {
      expect(textOf(join('assets', name))).not.toMatch(/\beval\(|new Function\(|document\.write/);
    }
  });

  it('brings the licences of what it holds', () => {
    expect(textOf('THIRD-PARTY-LICENSES')).toMatch(/dist\/dashboard[^]*\npreact [^]*\nuplot /);
  });

  it('is copied, not built, where nothing of it has changed', async () => {
    writeFileSync(join(page, 'assets', 'mark.svg'), 'of the first');
    const second = join(folder, 'second');
    await script.buildDashboard(ROOT, page, second);
    expect(readdirSync(join(second, 'assets'))).toContain('mark.svg');
    rmSync(join(page, 'assets', 'mark.svg'));
    writeFileSync(join(page, '.stamp'), 'of other files');
    const third = join(folder, 'third');
    await script.buildDashboard(ROOT, page, third);
    expect(readdirSync(join(third, 'assets')).sort()).toEqual(assets().sort());
  });
});
