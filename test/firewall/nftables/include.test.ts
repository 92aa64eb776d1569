import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIncludeFiles } from '../../../src/firewall/nftables/include.js';

describe('the files through which nft gets long scripts', () => {
  let parent: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'include-test-'));
  });

  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  it('are made in a folder of their own, which goes with them', async () => {
    const files = createIncludeFiles(parent);
    expect(files.put('add table inet t')?.line).toMatch(/^include ".*\/changes-1.nft"$/);
    await files.remove();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('clear away what a killed process left, and nothing else', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const dead = `sentrypeer-nft-${pid}-abcdef`;
    const link = `sentrypeer-nft-${pid}-fedcba`;
    const alive = `sentrypeer-nft-${process.ppid}-abcdef`;
    mkdirSync(join(parent, dead, 'inner'), { recursive: true });
    mkdirSync(join(parent, alive));
    mkdirSync(join(parent, 'kept'));
    symlinkSync(join(parent, 'kept'), join(parent, link));
    createIncludeFiles(parent).put('add table inet t');
    expect(existsSync(join(parent, dead))).toBe(false);
    for (const name of [alive, link, 'kept']) expect(readdirSync(parent)).toContain(name);
  });
});
