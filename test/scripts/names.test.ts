import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');
const EXPORTED_TYPE = /^export (?:declare |abstract )*(?:interface|type|class|enum) (\w+)/gm;

/** Where each exported type name of src is declared. */
function declarations(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(file)) continue;
    for (const [, name = ''] of readFileSync(join(SRC, file), 'utf8').matchAll(EXPORTED_TYPE)) {
      found.set(name, [...(found.get(name) ?? []), file]);
    }
  }
  return found;
}

it('has one meaning for each exported type name', () => {
  const found = declarations();
  expect(found.size).toBeGreaterThan(300);
  const doubles = [...found].filter(([, files]) => files.length > 1);
  expect(Object.fromEntries(doubles)).toEqual({});
});
