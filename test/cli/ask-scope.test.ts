import { expect, it } from 'vitest';
import { readScopeAnswer, SCOPE_MEANINGS } from '../../src/cli/ask-scope.js';
import { SCOPES } from '../../src/core/model/block.js';

it.each([
  ['', 'all'],
  [' \n', 'all'],
  ['1', 'all'],
  ['2', 'sip'],
  ['3', 'beside'],
  ['Beside ', 'beside'],
  ['4', null],
  ['0', null],
  ['no', null],
])('reads %j as %s', (answer, scope) => {
  expect(readScopeAnswer(answer)).toBe(scope);
});

it('says of each scope in a sentence who wants it', () => {
  expect(Object.keys(SCOPE_MEANINGS)).toEqual([...SCOPES]);
});
