import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadKept } from '../../../src/agent/state/kept-file.js';

describe('a kept file', () => {
  it('that is there is read, and nothing is written for it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sentrypeer-kept-'));
    try {
      const file = join(folder, 'kept');
      await writeFile(file, 'abc\n');
      const make = vi.fn(() => 'def');
      const say = vi.fn();
      const kept = { file, what: 'word', make, pattern: /^[a-z]{3}$/, holds: 'a word', say };
      expect(await loadKept(kept)).toBe('abc');
      expect(make).not.toHaveBeenCalled();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
