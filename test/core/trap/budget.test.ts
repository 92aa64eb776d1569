import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerRequest, createAnswerState } from '../../../src/core/trap/answer.js';
import {
  bytesLeft,
  createAnswerBudget,
  sourceAllowance,
  takeAnswer,
} from '../../../src/core/trap/budget.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import { makeEvent, makeRequest, makeSettings, NOW_US } from './message.js';

const SECOND_US = 1_000_000;
const rates = { perSource: 3, perNetwork: 5 };

/** How many of `count` answers go, one every `everyUs`. */
function answersOf(addresses: readonly string[], count: number, everyUs: number): number {
  const budget = createAnswerBudget();
  let went = 0;
  for (let index = 0; index < count; index += 1) {
    const address = addresses[index % addresses.length] ?? '';
    const nowUs = NOW_US + index * everyUs;
    const source = sourceAllowance(budget, address, nowUs);
    if (takeAnswer(budget, source, address, rates, nowUs)) went += 1;
  }
  return went;
}

describe('the rate of answers', () => {
  it.each([
    ['one source at once', ['192.0.2.1'], 100, 0, 3],
    ['one source below its rate', ['192.0.2.1'], 30, SECOND_US / 2, 30],
    ['one source above it', ['192.0.2.1'], 100, SECOND_US / 10, 32],
    ['two of one network', ['192.0.2.1', '192.0.2.2'], 100, 0, 5],
    ['two of two networks', ['192.0.2.1', '198.51.100.1'], 100, 0, 6],
    ['two of one IPv6 /48', ['2001:db8:1:1::1', '2001:db8:1:2::1'], 100, 0, 5],
    ['two of two IPv6 /48', ['2001:db8:1::1', '2001:db8:2::1'], 100, 0, 6],
  ] as const)('%s', (_, addresses, count, everyUs, expected) => {
    expect(answersOf(addresses, count, everyUs)).toBe(expected);
  });

  it('withholds what is above it, also from a proven source', () => {
    const state = createAnswerState();
    const settings = makeSettings({ rates });
    const went = Array.from({ length: 10 }, (_, index) => {
      const event = makeEvent(makeRequest('OPTIONS', String(100 + index)), 'tcp');
      return answerRequest(event, settings, state).withheld;
    });
    expect(went).toEqual([null, null, null, ...Array<string>(7).fill('rate')]);
  });

  it('does not count what no answer is due to', () => {
    const state = createAnswerState();
    const settings = makeSettings({ rates });
    for (let index = 0; index < 10; index += 1) {
      answerRequest(makeEvent(makeRequest('ACK', '100')), settings, state);
    }
    const answered = answerRequest(makeEvent(makeRequest('OPTIONS', '100')), settings, state);
    expect(answered.messages).toHaveLength(1);
  });
});

describe('bytes to a source without proof', () => {
  it('are three for each that it sent', () => {
    const budget = createAnswerBudget();
    const leftOf = (address: string) => bytesLeft(sourceAllowance(budget, address, NOW_US));
    expect(leftOf('192.0.2.1')).toBe(0);
    const allowance = sourceAllowance(budget, '192.0.2.1', NOW_US);
    allowance.bytesIn += 100;
    allowance.bytesOut += 120;
    expect(leftOf('192.0.2.1')).toBe(180);
    expect(leftOf('192.0.2.2')).toBe(0);
  });

  it('are counted anew when the window is over', () => {
    const budget = createAnswerBudget();
    sourceAllowance(budget, '192.0.2.1', NOW_US).bytesIn += 1000;
    const later = sourceAllowance(budget, '192.0.2.1', NOW_US + 61 * SECOND_US);
    later.bytesIn += 10;
    expect(bytesLeft(later)).toBe(30);
  });

  it('of ever new sources are forgotten at a bound, which is counted', () => {
    const budget = createAnswerBudget();
    for (let index = 0; index <= LIMITS.answerAllowancesMax; index += 1) {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
      sourceAllowance(budget, address, NOW_US);
    }
    expect(budget.sources.size).toBe(1);
    expect(budget.forgotten).toBe(1);
  });

  it('never exceed it, whatever comes in whatever order, with every persona', () => {
    const packets = fc.array(
      fc.record({
        method: fc.constantFrom('OPTIONS', 'REGISTER', 'INVITE', 'ACK', 'BYE', 'X', 'MESSAGE'),
        user: fc.constantFrom('1', '100', '2322125314'),
        source: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1'),
        pad: fc.integer({ min: 0, max: 300 }),
        bare: fc.boolean(),
        afterUs: fc.integer({ min: 0, max: 30 * SECOND_US }),
      }),
      { maxLength: 60 },
    );
    const personas = fc.constantFrom('asterisk', 'freepbx', 'freeswitch', 'cisco', 'phone');
    fc.assert(
      fc.property(packets, personas, (sent, persona) => {
        const state = createAnswerState();
        const settings = makeSettings({ persona });
        const bytes = new Map<string, { in: number; out: number }>();
        let nowUs = NOW_US;
        for (const { method, user, source, pad, bare, afterUs } of sent) {
          nowUs += afterUs;
          const short = { Via: 'SIP/2.0/UDP a', 'Max-Forwards': '', From: '<sip:a@b>' };
          const headers = { ...(bare ? short : {}), 'X-Pad': 'x'.repeat(pad) };
          const event = makeEvent(makeRequest(method, user, headers), 'udp', source);
          const total = bytes.get(source) ?? { in: 0, out: 0 };
          bytes.set(source, total);
          total.in += event.message.bytes.length;
          const { messages } = answerRequest({ ...event, receivedAtUs: nowUs }, settings, state);
          expect(messages.length).toBeLessThanOrEqual(1);
          for (const message of messages) total.out += message.length;
          expect(total.out).toBeLessThanOrEqual(3 * total.in);
        }
      }),
    );
  });
});
