import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/core/common/errors.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/ERRORS.md'), 'utf8');
const documented = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+) \| (.+) \|$/gm)].map(
  ([, code, exit, what, remedy]) => ({ code, exit: Number(exit), what, remedy }),
);

it('docs/ERRORS.md lists exactly the errors that there are, in their order', () => {
  expect(documented.map(({ code, exit, what }) => ({ code, exit, what }))).toEqual(
    Object.entries(ERROR_CODES).map(([code, { exit, what }]) => ({ code, exit, what })),
  );
});

it('docs/ERRORS.md has a remedy for each', () => {
  for (const { code, remedy } of documented) expect(remedy, code).toMatch(/^\S.{15,}[.`]$/);
});
