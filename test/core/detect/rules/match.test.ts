import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrapEvent } from '../../../../src/core/model/event.js';
import { rulesFor } from '../../../../src/core/detect/rules/compile.js';
import { compileCondition } from '../../../../src/core/detect/rules/condition.js';
import { lookAt } from '../../../../src/core/detect/fields/event-view.js';
import {
  ASK,
  compileMatcher,
  FORGETS,
  HIT_SHIFT,
  HOLDS,
} from '../../../../src/core/detect/rules/match.js';
import type { Matcher } from '../../../../src/core/detect/rules/match.js';
import type { Certain } from '../../../../src/core/detect/rules/read-condition.js';
import { builtInRuleSet } from '../replay.js';
import { request, toEvent } from '../events.js';

const ANY: Certain = { kind: 'request', method: null };

function compiled(source: string) {
  const result = compileCondition(source);
  if (!result.ok) throw new Error(`${source}: ${result.fault.message}`);
  return result;
}

/** What the hits say of each rule, which must come in their order, behind what was there before. */
function verdictsOf(match: Matcher, rules: number): number[] {
  const hits = new Int32Array(rules + 1).fill(-1);
  const end = match(hits, 1);
  expect(hits[0]).toBe(-1);
  const found = [...hits.subarray(1, end)];
  expect(found).toEqual([...found].sort((one, other) => one - other));
  const verdicts = Array.from({ length: rules }, () => 0);
  for (const hit of found) verdicts[hit >> HIT_SHIFT] = hit & (HOLDS | FORGETS | ASK);
  return verdicts;
}

/** The verdicts on the events, which the interpreter must share. */
function check(
  sources: readonly string[],
  events: readonly TrapEvent[],
  certain = ANY,
): number[][] {
  const results = sources.map(compiled);
  const match = compileMatcher(
    results.map(({ node }) => ({ when: node, forgetWhen: null })),
    certain,
  );
  return events.map((event) => {
    lookAt(event);
    const verdicts = verdictsOf(match, sources.length);
    results.forEach(({ condition }, index) => {
      if (verdicts[index] === ASK) return;
      expect(verdicts[index], sources[index]).toBe(condition() ? HOLDS : 0);
    });
    lookAt(null);
    return [...verdicts];
  });
}

/** A literal as CEL writes it. */
const quoted = (text: string): string =>
  `"${Array.from(text, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;

describe('compileMatcher', () => {
  const event = toEvent(request('REGISTER', { 'User-Agent': 'Phone 1', Allow: 'INVITE, ACK' }));

  it.each([
    ['event.method == "REGISTER"', HOLDS],
    ['event.method == "INVITE" || event.user_agent.regex("(?i)^phone [0-9]$")', HOLDS],
    ['event.header("Allow").startsWith("INVITE") && !event.proven', HOLDS],
    ['event.contact == "" && event.status_code == -1 && size(event.contact) == 0', HOLDS],
    ['"user-agent" in event.header_names && event.size > 10', HOLDS],
    ['hex_text("3130300131") == "100\\x011"', HOLDS],
    ['event.from_user + "!" + event.to_user == "100!100"', HOLDS],
    ['size("\u{1f600}") == 1 && event.kind == "request"', HOLDS],
    ['true', HOLDS],
    ['false || event.method != "REGISTER"', 0],
    ['event.header_names.exists(n, n == "x-none")', ASK],
    ['event.size > 10 ? true : false', ASK],
    ['size(event.user_agent + "\u{1f600}") == 8', ASK],
    ['(event.user_agent + "\u212a").regex("(?i)k$")', ASK],
  ])('%s', (source, expected) => {
    expect(check([source], [event])).toEqual([[expected]]);
    expect(check([source], [event], { kind: 'request', method: 'REGISTER' })).toEqual([[expected]]);
  });

  it('takes rules without conditions, and those that take back', () => {
    const { node } = compiled('event.method == "REGISTER"');
    const { node: other } = compiled('event.method == "INVITE"');
    const { node: asked } = compiled('event.size > 10 ? true : false');
    const match = compileMatcher(
      [
        { when: null, forgetWhen: null },
        { when: other, forgetWhen: node },
        { when: node, forgetWhen: node },
        { when: node, forgetWhen: asked },
      ],
      ANY,
    );
    lookAt(event);
    expect(verdictsOf(match, 5)).toEqual([HOLDS, FORGETS, HOLDS | FORGETS, ASK, 0]);
    lookAt(null);
  });

  it('matches as many rules as there may be', () => {
    const sources = Array.from(
      { length: 500 },
      (_, n) => `event.to_user == "${'1'.repeat(400)}${n}"`,
    );
    sources[499] = 'event.to_user == "100"';
    expect(check(sources, [event])[0]?.at(-1)).toBe(HOLDS);
  });

  it.each([
    '"',
    "'",
    '\\',
    '`',
    '${process.exit(1)}',
    '\u2028\u2029',
    '</script>',
    '*/ throw 1; /*',
    '"); throw new Error("x"); ("',
    '\n//',
    '__proto__',
  ])('keeps the literal %j a literal', (text) => {
    const hostile = toEvent(request('OPTIONS', { 'User-Agent': `x${text}` }));
    const literal = quoted(text);
    check(
      [
        `event.user_agent == ${literal}`,
        `event.user_agent.contains(${literal}) || event.header(${literal}) == ${literal}`,
        `event.user_agent.endsWith(${literal} + event.body)`,
        `event.user_agent != ${literal} && size(${literal}) > 0`,
      ],
      [hostile, event],
    );
  });

  it('means what the interpreter means, for the built-in rules and any headers', () => {
    const from = fc.constantFrom(
      '3130300131',
      '3130303a31',
      'ab12',
      '313233343536373839303132013939',
      '',
    );
    const agent = fc.constantFrom(
      'friendly-scanner',
      'Nmap NSE',
      'sipsak 0.9',
      'Cisco',
      "' or '1",
      'x',
    );
    const branch = fc.constantFrom(
      'z9hG4bK1',
      'z9hG4bKPj1',
      'z9hG4bK.0a1b2c3d',
      'foo',
      'z9hG4bK0123567890',
    );
    const user = fc.constantFrom('100', '00448701234567', "1' or '", '1234567', '%27');
    const method = fc.constantFrom('OPTIONS', 'REGISTER', 'INVITE', 'MESSAGE', 'BYE', 'FOO');
    const contact = fc.constantFrom('<sip:100@192.0.2.9>', 'sip:123@1.1.1.1', '<sip:`@x>', '');
    const digest = fc.constantFrom('Digest username="a", nonce="b", response="c"', '');
    const proof = fc.constantFrom('none' as const, 'nonce' as const);
    let held = 0;
    fc.assert(
      fc.property(
        fc.tuple(from, agent, branch, user, method, contact, digest, proof),
        ([tag, name, via, to, verb, place, credentials, proven]) => {
          const headers: Record<string, string> = {
            Via: `SIP/2.0/UDP 192.0.2.9;branch=${via}`,
            From: `<sip:100@192.0.2.1>;tag=${tag}`,
            To: `<sip:${to}@192.0.2.1>`,
            'User-Agent': name,
          };
          if (place !== '') headers['Contact'] = place;
          if (credentials !== '') headers['Authorization'] = credentials;
          const seen = toEvent(request(verb, headers, `sip:${to}@192.0.2.1`), { proof: proven });
          lookAt(seen);
          const { rules, match } = rulesFor(builtInRuleSet, seen);
          const verdicts = verdictsOf(match, rules.length);
          rules.forEach(({ rule, condition, count }, index) => {
            const holds = condition?.() ?? true;
            const forgets = count?.forgets?.() ?? false;
            if (holds && condition !== null) held += 1;
            expect(verdicts[index], rule.id).toBe((holds ? HOLDS : 0) | (forgets ? FORGETS : 0));
          });
        },
      ),
      { numRuns: 300 },
    );
    lookAt(null);
    expect(held).toBeGreaterThan(300);
  });

  const text: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom(
        'event.method',
        'event.kind',
        'event.to_user',
        'event.from_tag',
        '"100"',
        '""',
      ),
      fc.constantFrom('event.header("allow")', 'hex_text(event.from_tag)', 'event.anomaly_names'),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
    ),
  })).text;
  const leaf = fc.oneof(
    fc.tuple(text, fc.constantFrom('==', '!='), text).map((parts) => parts.join(' ')),
    fc
      .tuple(text, fc.constantFrom('startsWith', 'endsWith', 'contains'), text)
      .map(([on, how, what]) => `${on}.${how}(${what})`),
    fc
      .tuple(text, fc.constantFrom('^[0-9]{1,4}$', 'E', '1+0'))
      .map(([on, p]) => `${on}.regex("${p}")`),
    fc
      .tuple(text, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), fc.nat(9))
      .map(([on, sign, n]) => `size(${on}) ${sign} ${n}`),
    fc.constantFrom(
      'event.proven',
      'true',
      'false',
      '"to" in event.header_names',
      'event.cseq > 0',
    ),
  );
  const condition: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc
        .tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('any').map((a) => `!(${a})`),
    ),
  })).any;

  it('means what the interpreter means, for conditions made at random that share parts', () => {
    const events = [
      event,
      toEvent(request('INVITE', { From: '<sip:1@x>;tag=3130300131', Allow: '100' })),
      toEvent(request('REGISTER', { To: '<sip:1000@x>', Via: 'x' }), { proof: 'nonce' }),
    ];
    const registers = events.filter(({ message }) => message.method === 'REGISTER');
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 5 }), (sources) => {
        const all = [...sources, ...sources.map((source) => `!(${source}) && event.cseq > 0`)];
        for (const verdicts of check(all, events)) expect(verdicts).not.toContain(ASK);
        check(all, registers, { kind: 'request', method: 'REGISTER' });
      }),
      { numRuns: 200 },
    );
  });
});
