import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../../src/core/model/call.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import {
  answerRequest,
  createAnswerState,
  type Answered,
  type AnswerSettings,
  type AnswerState,
} from '../../../src/core/trap/answer.js';
import { takeOverdue } from '../../../src/core/trap/calls.js';
import { makeNonce } from '../../../src/core/trap/proof/nonce.js';
import { heldMib } from '../../held-memory.js';
import { makeEvent, makeRequest, makeSettings, NOW_US, SECRET } from './message.js';

const SECOND_US = 1_000_000;
const settings = makeSettings({ lure: { passwords: ['secret', '1234'] } });
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let state: AnswerState;
let ids = 0;

beforeEach(() => {
  state = createAnswerState();
  ids = 0;
});

interface Sent {
  readonly method: string;
  readonly user?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly afterS?: number;
  readonly given?: AnswerSettings;
}

/** Credentials as a phone computes them (RFC 2617 section 3.2.2), by hand. */
function credentials(method: string, password: string, nonce: string): string {
  const response = md5(`${md5(`100:asterisk:${password}`)}:${nonce}:${md5(`${method}:sip:pbx`)}`);
  return `Digest username="100",realm="asterisk",nonce="${nonce}",uri="sip:pbx",response="${response}"`;
}

function send({ method, user = '100', password, headers = {}, afterS = 0, given }: Sent): Answered {
  const nonce = makeNonce(SECRET, '192.0.2.1', NOW_US);
  const auth =
    password === undefined ? {} : { Authorization: credentials(method, password, nonce) };
  const event = makeEvent(makeRequest(method, user, { ...auth, ...headers }));
  ids += 1;
  const at = { receivedAtUs: NOW_US + afterS * SECOND_US, id: ids };
  return answerRequest({ ...event, ...at }, given ?? settings, state);
}

const statuses = ({ messages }: Answered): (number | null)[] =>
  messages.map((bytes) => parseMessage(bytes).statusCode);

const NUMBER = '00442071234567';
const FROM = { From: '<sip:100@198.51.100.1>;tag=from' };

function call(afterS = 0): string {
  const { messages } = send({
    method: 'INVITE',
    user: NUMBER,
    password: 'secret',
    headers: FROM,
    afterS,
  });
  return parseMessage(messages.at(-1) ?? Buffer.alloc(0)).toTag ?? '';
}

const inCall = (tag: string) => ({ ...FROM, To: `<sip:${NUMBER}@198.51.100.1>;tag=${tag}` });

describe('the lure', () => {
  it.each([
    ['lets in by a weak password', 'REGISTER', 'secret', [200]],
    ['and by another', 'REGISTER', '1234', [200]],
    ['not by a better one', 'REGISTER', 'kR5#x', [401]],
    ['and takes a call', 'INVITE', 'secret', [100, 180, 200]],
  ] as const)('%s: %s', (_, method, password, expected) => {
    expect(statuses(send({ method, password }))).toEqual(expected);
  });

  it('is off unless it is switched on', () => {
    const given = makeSettings();
    expect(statuses(send({ method: 'REGISTER', password: 'secret', given }))).toEqual([401]);
  });

  it('takes a response to the nonce of another source for a guess', () => {
    const nonce = makeNonce(SECRET, '192.0.2.2', NOW_US);
    const headers = { Authorization: credentials('REGISTER', 'secret', nonce) };
    expect(statuses(send({ method: 'REGISTER', headers }))).toEqual([401]);
  });

  it('registers the Contact for the time asked for, within bounds', () => {
    const headers = { Contact: '"x" <sip:100@192.0.2.1:5061;ob>;q=1', Expires: '9999999' };
    const { messages } = send({ method: 'REGISTER', password: 'secret', headers });
    const answer = parseMessage(messages[0] ?? Buffer.alloc(0));
    expect(answer.contact).toBe('<sip:100@192.0.2.1:5061;ob>;expires=7200');
    expect(answer.header('expires')).toBe('7200');
  });

  it('takes SHA-256 and qop as well', () => {
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    const nonce = makeNonce(SECRET, '192.0.2.1', NOW_US);
    const tail = `${nonce}:00000001:c:auth:${sha('REGISTER:sip:pbx')}`;
    const response = sha(`${sha('100:asterisk:secret')}:${tail}`);
    const Authorization =
      `Digest username="100",realm="asterisk",nonce="${nonce}",uri="sip:pbx",algorithm=SHA-256,` +
      `qop=auth,nc=00000001,cnonce="c",response="${response}"`;
    expect(statuses(send({ method: 'REGISTER', headers: { Authorization } }))).toEqual([200]);
  });
});

describe('a call', () => {
  it('is told when it begins, with who dialled what', () => {
    const answered = send({ method: 'INVITE', user: NUMBER, password: 'secret', headers: FROM });
    expect(answered.calls).toMatchObject([
      { id: 1, source: '192.0.2.1', user: '100', called: NUMBER, endedAtUs: null, endHow: null },
    ]);
    const body = answered.messages.at(-1)?.toString('latin1').split('\r\n\r\n')[1] ?? '';
    expect(body).toMatch(/^v=0\r\no=root .*\r\nm=audio 1\d{4} RTP\/AVP 0 8 101\r\n/s);
  });

  it.each([
    ['BYE', 'bye'],
    ['CANCEL', 'cancel'],
  ] as const)('ends with %s, answered 200, and is told', (method, how) => {
    const tag = call();
    const headers = method === 'CANCEL' ? FROM : inCall(tag);
    const answered = send({ method, user: NUMBER, headers, afterS: 5 });
    expect(statuses(answered)).toEqual([200]);
    const endedAtUs = NOW_US + 5 * SECOND_US;
    expect(answered.calls).toMatchObject([{ id: 1, endHow: how, endedAtUs }]);
    expect(statuses(send({ method, user: NUMBER, headers }))).toEqual([481]);
  });

  it.each([
    ['with another To-tag', { ...FROM, To: '<sip:1@a>;tag=as00000000' }],
    ['with another From-tag', { From: '<sip:100@a>;tag=other' }],
    ['with another Call-ID', { ...FROM, 'Call-ID': 'other' }],
  ] as const)('does not end by a BYE %s', (_, headers) => {
    call();
    expect(statuses(send({ method: 'BYE', user: NUMBER, headers }))).toEqual([481]);
    expect(state.calls.byKey.size).toBe(1);
  });

  it('is one call when its INVITE comes again, and the answer has the same tag', () => {
    const tag = call();
    const again = send({ method: 'INVITE', user: NUMBER, password: 'secret', headers: FROM });
    expect(statuses(again)).toEqual([200]);
    expect(again.calls).toEqual([]);
    expect(parseMessage(again.messages[0] ?? Buffer.alloc(0)).toTag).toBe(tag);
  });

  it('takes what is sent within it, but no transfer', () => {
    const headers = inCall(call());
    expect(statuses(send({ method: 'INFO', headers }))).toEqual([200]);
    expect(statuses(send({ method: 'REFER', headers }))).toEqual([603]);
  });

  const overdue = (afterS: number): readonly CallRecord[] =>
    takeOverdue(state.calls, 60 * SECOND_US, NOW_US + afterS * SECOND_US);

  it('that is never confirmed ends after 32 seconds', () => {
    call();
    expect(overdue(31)).toEqual([]);
    expect(overdue(40)).toMatchObject([
      { endHow: 'unconfirmed', endedAtUs: NOW_US + 32 * SECOND_US },
    ]);
    expect(overdue(40)).toEqual([]);
  });

  it('that is confirmed ends at the time limit', () => {
    send({ method: 'ACK', headers: inCall(call()), afterS: 1 });
    expect(overdue(59)).toEqual([]);
    expect(overdue(61)).toMatchObject([
      { endHow: 'timeout', confirmedAtUs: NOW_US + SECOND_US, endedAtUs: NOW_US + 60 * SECOND_US },
    ]);
  });

  it('above the limit is refused with 503, and counted', () => {
    const given = { ...settings, callsMax: 1 };
    call();
    const headers = { ...FROM, 'Call-ID': 'second' };
    const answered = send({ method: 'INVITE', password: 'secret', headers, given });
    expect(statuses(answered)).toEqual([503]);
    expect(state.calls.refused).toBe(1);
    expect(state.calls.byKey.size).toBe(1);
  });

  it('holds little of the long names in it', () => {
    const calls = 1_000;
    const long = 'x'.repeat(20_000);
    const held = heldMib(() => {
      for (let index = 0; index < calls; index += 1) {
        const names = {
          From: `<sip:100@x>;tag=${index}${long}`,
          'Call-ID': `${index}${long}`,
        };
        send({ method: 'INVITE', user: NUMBER, password: 'secret', headers: names });
      }
    });
    expect(state.calls.byKey.size).toBe(calls);
    expect(held).toBeLessThan(10);
  });
});
