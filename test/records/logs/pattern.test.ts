import { describe, expect, it } from 'vitest';
import { compilePattern, matchWhole, PatternFault } from '../../../src/records/logs/pattern.js';

const check = (pattern: string, text: string) => matchWhole(compilePattern(pattern), text, 0);

describe('a pattern', () => {
  it.each([
    [
      'from {source} port {port}',
      'from 203.0.113.7 port 5060',
      { source: '203.0.113.7', port: '5060' },
    ],
    ['from {source} port {port}', 'from 203.0.113.7 port 5060 ', null],
    [
      '{account} at {source} x{any}',
      'a at 203.0.113.7 x at 192.0.2.1 x',
      { account: 'a', source: '203.0.113.7' },
    ],
    ['{source}: {any}', '2001:db8::7: a', { source: '2001:db8::7' }],
    ['from {source}.', 'from 203.0.113.7.', { source: '203.0.113.7' }],
    [
      '{account<} at {source}',
      'a at b at 203.0.113.7',
      { account: 'a at b', source: '203.0.113.7' },
    ],
    [
      '{account<} at {source}',
      'a at 192.0.2.1 at 203.0.113.7',
      { account: 'a at 192.0.2.1', source: '203.0.113.7' },
    ],
    [
      "{account!} at {source}'s {any}",
      "a at 203.0.113.7's b",
      { account: 'a', source: '203.0.113.7' },
    ],
    ["{account!} at {source}'s {any}", "a at 192.0.2.1's at 203.0.113.7's b", 'ambiguous'],
    [
      "{account!} at {source}'s {any}",
      "a at 192.0.2.1'x at 203.0.113.7's b",
      { account: "a at 192.0.2.1'x", source: '203.0.113.7' },
    ],
    ['{any}: {|}by {source}', 'x: by 203.0.113.7', { source: '203.0.113.7' }],
    ['{any}: {|}by {source}', 'x: y: by 203.0.113.7', null],
    ['a{(}[{port}]{)} {source}', 'a[5] 203.0.113.7', { port: '5', source: '203.0.113.7' }],
    ['a{(}[{port}]{)} {source}', 'a 203.0.113.7', { source: '203.0.113.7' }],
    [
      '{nonce:hex}={nonce:hex} {source}',
      'ab=ab 203.0.113.7',
      { nonce: 'ab', source: '203.0.113.7' },
    ],
    ['{nonce:hex}={nonce:hex} {source}', 'ab=abc 203.0.113.7', null],
    ['{{{any}} {source}', '{x} 203.0.113.7', { source: '203.0.113.7' }],
    [
      'by {source}: {user_agent}',
      'by 203.0.113.7: a.*b\n(c',
      { source: '203.0.113.7', user_agent: 'a.*b\n(c' },
    ],
    ['[{endpoint}]', '[[2001:db8::7]:5060]', { endpoint: '[2001:db8::7]:5060' }],
    ['({address_port})', '(2001:db8::7:5060)', { address_port: '2001:db8::7:5060' }],
    ['.*{source}', 'xx203.0.113.7', null],
  ])('%s on %s', (pattern, text, expected) => {
    expect(check(pattern, text)).toEqual(expected);
  });

  it.each([
    ['{nobody}', '{nobody} is no field'],
    ['{account}{source}', 'behind free text there must be literal text'],
    ['{(}{account}{)}', '{account} is free text, within {(} … {)}'],
    ['{(}a', '{(} without {)}'],
    ['a{)}', '{)} without {(}'],
    ['{source<} a', "{source<}: '<' is for free text"],
    ['{constructor}', '{constructor} is no field'],
    ['{account:constructor}', '{account:constructor} is no field'],
    ['{account} a'.repeat(13), 'it has too many free texts'],
  ])('%s is refused: %s', (pattern, fault) => {
    expect(() => compilePattern(pattern)).toThrow(new PatternFault(fault));
  });
});
