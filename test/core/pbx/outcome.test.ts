import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../src/core/pbx/outcome.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { request } from '../detect/events.js';

const bare = (method: string) => parseMessage(Buffer.from(request(method)));
const withCredentials = (method: string) => {
  const Authorization =
    'Digest username="100", realm="pbx", nonce="n", uri="sip:192.0.2.1", response="r"';
  return parseMessage(Buffer.from(request(method, { Authorization })));
};

describe('what a PBX made of a request', () => {
  it.each([
    ['REGISTER', 100, null],
    ['REGISTER', 200, 'answered'],
    ['REGISTER', 401, 'challenged'],
    ['REGISTER', 403, 'refused'],
    ['REGISTER', 404, 'unknown_account'],
    ['REGISTER', 503, 'refused'],
    ['OPTIONS', 200, 'answered'],
    ['OPTIONS', 180, null],
    ['INVITE', 100, null],
    ['INVITE', 180, 'answered'],
    ['INVITE', 183, 'answered'],
    ['INVITE', 404, 'not_found'],
    ['INVITE', 484, 'not_found'],
    ['INVITE', 407, 'challenged'],
    ['INVITE', 486, 'answered'],
    ['INVITE', 603, 'answered'],
    ['INVITE', 302, 'answered'],
    ['MESSAGE', 405, 'refused'],
  ] as const)('%s without credentials, %d: %s', (method, status, outcome) => {
    expect(outcomeOf(bare(method), status, true)).toBe(outcome);
  });

  it.each([
    ['REGISTER', 200, true, 'succeeded'],
    ['REGISTER', 401, true, 'failed'],
    // The nonce has run out, or is of a challenge that nobody saw: the password was not looked at.
    ['REGISTER', 401, false, 'challenged'],
    ['REGISTER', 403, false, 'failed'],
    ['INVITE', 180, true, 'succeeded'],
    ['INVITE', 403, true, 'refused'],
    ['INVITE', 407, true, 'failed'],
  ] as const)('%s with credentials, %d, nonce known %s: %s', (method, status, known, outcome) => {
    expect(outcomeOf(withCredentials(method), status, known)).toBe(outcome);
  });
});
