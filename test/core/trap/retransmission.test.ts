import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { SipMessage } from '../../../src/core/model/sip-message.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { createRetransmissions, isRetransmission } from '../../../src/core/trap/retransmission.js';
import { digest, makeRequest, NOW_US } from './message.js';

const source = { address: '192.0.2.1', port: 5061 };
const branch = (value: string): Record<string, string> => ({
  Via: `SIP/2.0/UDP 192.0.2.1;branch=${value}`,
});
const SECOND_US = 1_000_000;

describe('the second of two messages', () => {
  const check = (
    first: SipMessage,
    second: SipMessage,
    { afterUs = SECOND_US, from = source }: { afterUs?: number; from?: typeof source },
    expected: boolean,
  ): void => {
    const state = createRetransmissions();
    expect(isRetransmission(state, source, first, NOW_US)).toBe(false);
    expect(isRetransmission(state, from, second, NOW_US + afterUs)).toBe(expected);
  };
  const register = makeRequest('REGISTER', '100');
  const noBranch = makeRequest('REGISTER', '100', { Via: 'SIP/2.0/UDP 192.0.2.1' });
  const otherNoBranch = makeRequest('REGISTER', '101', { Via: 'SIP/2.0/UDP 192.0.2.1' });
  const guess = (response: string): SipMessage =>
    makeRequest('REGISTER', '100', { Authorization: digest('nonce', response) });
  const long = 'z9hG4bK' + 'x'.repeat(9_000);
  const ok = parseMessage(Buffer.from('SIP/2.0 200 OK\r\nVia: a;branch=b\r\n\r\n'));
  const busy = parseMessage(Buffer.from('SIP/2.0 486 B\r\nVia: a;branch=b\r\n\r\n'));

  it.each([
    ['the same', register, register, {}, true],
    ['the same just in time', register, register, { afterUs: 32 * SECOND_US - 1 }, true],
    ['the same too late', register, register, { afterUs: 32 * SECOND_US }, false],
    ['from another port', register, register, { from: { ...source, port: 1 } }, false],
    [
      'another branch, as svwar sends',
      register,
      makeRequest('REGISTER', '100', branch('b')),
      {},
      false,
    ],
    ['another extension, all else constant', register, makeRequest('REGISTER', '101'), {}, false],
    ['another response, all else constant', guess('a'), guess('b'), {}, false],
    ['the same response', guess('a'), guess('a'), {}, true],
    ['another method', register, makeRequest('OPTIONS', '100'), {}, false],
    ['the same without a branch', noBranch, noBranch, {}, true],
    ['other bytes without a branch', noBranch, otherNoBranch, {}, false],
    [
      'the same, with a long branch',
      makeRequest('ACK', '1', branch(long)),
      makeRequest('ACK', '1', branch(long)),
      {},
      true,
    ],
    ['the same response message', ok, ok, {}, true],
    ['another response message', ok, busy, {}, false],
    ['no SIP', parseMessage(Buffer.alloc(0)), parseMessage(Buffer.alloc(0)), {}, false],
  ] as const)('%s', (_, first, second, how, expected) => {
    check(first, second, how, expected);
  });
});

it('remembers no more than twice the limit', () => {
  const state = createRetransmissions();
  const message = makeRequest('OPTIONS', '100');
  const total = LIMITS.retransmissionsMax * 2 + 10;
  for (let index = 0; index < total; index += 1) {
    const from = { address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, port: 1 };
    isRetransmission(state, from, message, NOW_US);
  }
  expect(state.current.size + state.previous.size).toBeLessThanOrEqual(
    LIMITS.retransmissionsMax * 2,
  );
  expect(state.current.size).toBe(10);
});
