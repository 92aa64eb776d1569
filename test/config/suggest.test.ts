import { expect, it } from 'vitest';
import { suggest } from '../../src/config/suggest.js';

it.each([
  // Both are one edit away: the one that was not typed to its end is meant.
  ['statu', ['stats', 'status'], 'status'],
  ['statsu', ['stats', 'status'], 'status'],
  ['stast', ['status', 'stats'], 'stats'],
  ['blocks lst', ['blocks list', 'blocks add'], 'blocks list'],
  ['listen_prot', ['listen_port', 'listen_address'], 'listen_port'],
  ['xyz', ['status'], null],
])('%s of %j: %s', (text, candidates, meant) => {
  expect(suggest(text, candidates)).toBe(meant);
});
