import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadInstanceId, loadSecret } from '../../../src/agent/state/secret.js';

describe('loadSecret', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secret-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('makes a secret for its owner alone and keeps it', async () => {
    const first = await loadSecret(join(folder, 'some.db'));
    expect(first).toHaveLength(32);
    expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600);
    expect(await loadSecret(join(folder, 'some.db'))).toEqual(first);
    expect(readFileSync(join(folder, 'secret'), 'latin1').trim()).toBe(first.toString('hex'));
  });

  it.each(['', 'short', 'g'.repeat(64)])('refuses a damaged one: %j', async (text) => {
    writeFileSync(join(folder, 'secret'), text);
    await expect(loadSecret(join(folder, 'some.db'))).rejects.toMatchObject({
      code: 'STATE_UNWRITABLE',
    });
  });
});

describe('loadInstanceId', () => {
  it('is one UUID for one folder, over restarts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'instance-'));
    try {
      const first = await loadInstanceId(join(folder, 'some.db'));
      expect(first).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(await loadInstanceId(join(folder, 'some.db'))).toBe(first);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
