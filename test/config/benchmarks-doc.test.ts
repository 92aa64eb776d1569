import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { History } from '../bench/history.js';
import { load } from '../scripts/load-script.js';

const { readHistories } = await load<{ readHistories: () => History[] }>('bench/parts/history.js');
const { renderPage } = await load<{ renderPage: (all: History[]) => string }>(
  'bench/parts/page.js',
);

it('docs/BENCHMARKS.md is what the recorded runs make', async () => {
  await expect(renderPage(readHistories())).toMatchFileSnapshot('../../docs/BENCHMARKS.md');
});

describe('bench/history', () => {
  it.each(readHistories().map((history) => [history.bench, history] as const))(
    '%s is of a bench that is there, and sound',
    (name, { runs }) => {
      expect(existsSync(join(import.meta.dirname, `../../bench/${name}.js`))).toBe(true);
      expect(runs.length).toBeGreaterThan(0);
      for (const { date, source, figures, yardsticks } of runs) {
        expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
        expect(['run', 'notes']).toContain(source);
        const names = [...figures, ...yardsticks].map((each) => each.name);
        expect(new Set(names).size, `names of ${date}`).toBe(names.length);
        for (const { value } of [...figures, ...yardsticks])
          expect(value === null || Number.isFinite(value)).toBe(true);
      }
    },
  );
});
