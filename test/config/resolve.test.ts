import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONFIG_FILE, fileExists, resolveConfigFile } from '../../src/config/resolve.js';

it.each([
  ['the flag before all', '/f', '/e', true, '/f'],
  ['the variable before the installed file', null, '/e', true, '/e'],
  ['the installed file when an empty variable is set', null, '', true, CONFIG_FILE],
  ['the installed file when it is there', null, undefined, true, CONFIG_FILE],
  ['none when nothing is there', null, undefined, false, null],
])('chooses %s', (_name, flag, variable, installed, file) => {
  const env = { SENTRYPEER_CONFIG: variable };
  const exists = (path: string) => installed && path === CONFIG_FILE;
  expect(resolveConfigFile({ flag, env, exists })).toBe(file);
});

it('sees which files are there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-resolve-'));
  try {
    writeFileSync(join(folder, 'a'), '');
    expect(fileExists(join(folder, 'a'))).toBe(true);
    expect(fileExists(join(folder, 'b'))).toBe(false);
    expect(fileExists(join(folder, 'a', 'b'))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
