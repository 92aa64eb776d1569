import { afterEach, describe, expect, it, vi } from 'vitest';
import { requireLab } from './require-lab.js';

describe('a lab test that cannot run', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  it('is left out, naming what is missing', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    vi.stubEnv('CI', '');
    const needs = requireLab([]);
    expect(needs.skip).toBe(true);
    expect(needs.note).toMatch(/^\(left out: needs root/);
  });

  it('fails in CI, where nobody would see that it was left out', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    vi.stubEnv('CI', 'true');
    expect(() => requireLab([])).toThrow('lab tests must run in CI (left out: needs root');
  });
});
