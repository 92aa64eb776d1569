import { describe, expect, it } from 'vitest';
import { parseGrammar } from '../../../src/records/logs/parse-grammar.js';

const GOOD = `
grammar: mine
kind: mine
about: My proxy
heads: ['{time} {word} mine[{digits}]: ']
lines:
  - id: failed
    about: Wrong password
    pattern: 'wrong password of {account<} from {source}'
    outcome: failed
samples:
  - line: 'Dec  1 10:11:12 a mine[1]: wrong password of 100 from 203.0.113.7'
    is: failed
    source: 203.0.113.7
    account: '100'
`;

const faultOf = (text: string): string => {
  try {
    parseGrammar(text, 'mine.yaml');
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
};

describe('a grammar', () => {
  it('is read', () => {
    expect(parseGrammar(GOOD, 'mine.yaml')).toMatchObject({ name: 'mine', kind: 'mine' });
  });

  it.each([
    ['{source}', '{sauce}', 'mine.yaml: lines.0.pattern.0: {sauce} is no field in'],
    ['outcome: failed', 'outcome: lost', 'mine.yaml: lines.0.outcome: Invalid option'],
    ['    is: failed', '    is: success', 'mine.yaml: samples.0: it is failed, not success'],
    ["account: '100'", "account: '101'", 'mine.yaml: samples.0: account is 100, not 101'],
    ["account: '100'", 'accont: 100', "mine.yaml: samples.0: 'accont' is no part of a report"],
    ['    source: 203.0.113.7\n', '', "mine.yaml: samples.0: 'source' is missing"],
    ['kind: mine', 'kind: [mine', 'mine.yaml: this is not YAML'],
    ['about: My proxy', 'about: *a', 'mine.yaml: this is not YAML: '],
    ["heads: ['{time} {word} mine[{digits}]: ']", '', "mine.yaml: it has either 'heads'"],
    [
      "pattern: 'wrong password of {account<} from {source}'",
      '',
      "lines: 'failed': a line of text has a pattern",
    ],
    [
      "'wrong password of {account<} from {source}'",
      "'{source}'",
      "lines: 'failed': too little text",
    ],
    ['kind: mine', 'kind: mine\nextra: 1', 'mine.yaml: : Unrecognized key: "extra"'],
  ])('with %s as %s is refused', (from, to, fault) => {
    expect(GOOD).toContain(from);
    expect(faultOf(GOOD.replace(from, to))).toContain(fault);
  });
});
