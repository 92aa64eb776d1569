import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../../../src/core/detect/rules/condition.js';
import { lookAt } from '../../../../src/core/detect/fields/event-view.js';
import { hexText } from '../../../../src/core/detect/fields/hex-text.js';
import { request, toEvent } from '../events.js';

describe('compileCondition', () => {
  const refused: readonly [string, RegExp, string][] = [
    ['event.usr_agent == "x"', /No such key: usr_agent/, 'usr_agent'],
    ['event.cseq == "x"', /no such overload: int == string/, 'event.cseq == "x"'],
    ['event.user_agent', /gives string, it must give bool/, 'event.user_agent'],
    ['packet.size == 1', /Unknown variable: packet/, 'packet'],
    ['event.size > 1 &&', /Unexpected token/, ''],
    ['event.contact.matches("(a+)+$")', /write \.regex\(\)/, 'event.contact.matches("(a+)+$")'],
    ['["a"].exists(x, x.matches("b"))', /write \.regex\(\)/, 'x.matches("b")'],
    [
      'event.contact.regex(event.body)',
      /must be a text literal/,
      'event.contact.regex(event.body)',
    ],
    ['event.contact.regex("(a")', /bad pattern/, '"(a"'],
    ['event.contact.regex("(a)\\\\1")', /bad pattern/, '"(a)\\\\1"'],
  ];
  it.each(refused)('refuses %s', (source, message, part) => {
    const result = compileCondition(source);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.fault.message).toMatch(message);
    const { offset, length } = result.fault;
    expect(source.slice(offset, offset + length)).toBe(part);
  });

  it('refuses a condition that is too long', () => {
    expect(compileCondition(`event.size == 1${' '.repeat(4_000)}`).ok).toBe(false);
  });

  const event = toEvent(
    request('REGISTER', { 'User-Agent': 'Phone 1', Allow: 'INVITE, ACK', CSeq: '7 REGISTER' }),
  );
  const cases: readonly [string, boolean][] = [
    ['event.method == "REGISTER"', true],
    ['event.cseq == 7 && event.source_port >= 5060', true],
    ['event.user_agent.regex("(?i)^phone [0-9]$")', true],
    ['event.header("allow") == "INVITE, ACK"', true],
    ['event.header("Allow").startsWith("INVITE") && !event.proven', true],
    ['event.contact == "" && event.status_code == -1', true],
    ['"user-agent" in event.header_names', true],
    ['event.header_names.exists(n, n == "x-none")', false],
    ['event.method in ["INVITE", "OPTIONS"]', false],
    ['hex_text("3130300131") == "100\\x011"', true],
    ['event.size > 10 ? event.transport == "udp" : false', true],
  ];
  it.each(cases)('answers %s with %s', (source, expected) => {
    const result = compileCondition(source);
    if (!result.ok) throw new Error(result.fault.message);
    lookAt(event);
    expect(result.condition()).toBe(expected);
    lookAt(null);
  });

  it('reads the first 8192 characters of a text', () => {
    const result = compileCondition(
      'event.user_agent.contains("b") || size(event.user_agent) != 8192',
    );
    if (!result.ok) throw new Error(result.fault.message);
    lookAt(toEvent(request('OPTIONS', { 'User-Agent': `${'a'.repeat(8_192)}b` })));
    expect(result.condition()).toBe(false);
    lookAt(null);
  });

  it('takes linear time for a pattern that hangs a backtracking engine', () => {
    const result = compileCondition('event.user_agent.regex("^(a+)+$")');
    if (!result.ok) throw new Error(result.fault.message);
    lookAt(toEvent(request('OPTIONS', { 'User-Agent': `${'a'.repeat(8_000)}!` })));
    expect(result.condition()).toBe(false);
    lookAt(null);
  });
});

describe('hex_text', () => {
  it.each([
    ['3130313a39300131', '101:90\x011'],
    ['3206210844', ''],
    ['5586c02b8341c8b5', ''],
    ['313', ''],
    ['', ''],
    ['xx', ''],
  ])('of %j is %j', (digits, expected) => {
    expect(hexText(digits)).toBe(expected);
  });
});
