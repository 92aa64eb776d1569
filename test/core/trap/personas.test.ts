import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { answerRequest, createAnswerState } from '../../../src/core/trap/answer.js';
import { PERSONA_NAMES, type PersonaName } from '../../../src/core/trap/persona.js';
import { PERSONAS } from '../../../src/core/trap/personas/personas.js';
import { checkNonce, checkToTag } from '../../../src/core/trap/proof/nonce.js';
import { makeEvent, makeRequest, makeSettings, NOW_US, SECRET } from './message.js';

/** The answer to a proven source, its tag and nonce replaced by words. */
function answerOf(persona: PersonaName, method: string): string[] {
  // The captures are of UDP; the proof only lifts the bound on bytes.
  const event = { ...makeEvent(makeRequest(method, '100')), proof: 'tcp' as const };
  const settings = makeSettings({ persona });
  const { messages } = answerRequest(event, settings, createAnswerState());
  const bytes = messages[0] ?? Buffer.alloc(0);
  const tag = parseMessage(bytes).toTag ?? '';
  const text = bytes.toString('latin1').replace(`tag=${tag}`, 'tag=TAG');
  return text.replace(/(nonce|opaque)="[^"]+"/g, '$1="…"').split('\r\n');
}

const start = (status: string) => `SIP/2.0 ${status}`;
const VIA = 'Via: SIP/2.0/UDP 192.0.2.1:5061';
const FROM = 'From: <sip:100@198.51.100.1>;tag=from';
const TO = 'To: <sip:100@198.51.100.1>;tag=TAG';
const CONTACT = 'Contact: <sip:198.51.100.1:5060>';

/** Header by header as the captures have it that each persona's file names. */
const CAPTURED: readonly (readonly [PersonaName, string, readonly string[]])[] = [
  [
    'asterisk',
    'REGISTER',
    [
      start('401 Unauthorized'),
      `${VIA};branch=z9hG4bK-1;received=192.0.2.1;rport=5061`,
      FROM,
      TO,
      'Call-ID: call-1',
      'CSeq: 1 REGISTER',
      'Server: Asterisk PBX 16.2.1~dfsg-1+deb10u1',
      'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
      'Supported: replaces, timer',
      'WWW-Authenticate: Digest algorithm=MD5, realm="asterisk", nonce="…"',
      'Content-Length: 0',
    ],
  ],
  [
    'asterisk',
    'OPTIONS',
    [
      start('200 OK'),
      `${VIA};branch=z9hG4bK-1;received=192.0.2.1;rport=5061`,
      FROM,
      TO,
      'Call-ID: call-1',
      'CSeq: 1 OPTIONS',
      'Server: Asterisk PBX 16.2.1~dfsg-1+deb10u1',
      'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
      'Supported: replaces, timer',
      CONTACT,
      'Accept: application/sdp',
      'Content-Length: 0',
    ],
  ],
  [
    'freepbx',
    'REGISTER',
    [
      start('401 Unauthorized'),
      `${VIA};rport=5061;received=192.0.2.1;branch=z9hG4bK-1`,
      'Call-ID: call-1',
      FROM,
      TO,
      'CSeq: 1 REGISTER',
      'WWW-Authenticate: Digest realm="asterisk",nonce="…",opaque="…",algorithm=MD5',
      'Server: FPBX-15.0.16.81(16.13.0)',
      'Content-Length:  0',
    ],
  ],
  [
    'freepbx',
    'OPTIONS',
    [
      start('200 OK'),
      `${VIA};rport=5061;received=192.0.2.1;branch=z9hG4bK-1`,
      'Call-ID: call-1',
      FROM,
      TO,
      'CSeq: 1 OPTIONS',
      'Accept: application/xpidf+xml, application/cpim-pidf+xml, ' +
        'application/simple-message-summary, application/pidf+xml, application/dialog-info+xml, ' +
        'application/sdp, message/sipfrag;version=2.0',
      'Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, ' +
        'PRACK, MESSAGE, REFER',
      'Supported: 100rel, timer, replaces, norefersub',
      'Accept-Encoding: text/plain',
      'Accept-Language: en',
      'Server: FPBX-15.0.16.81(16.13.0)',
      'Content-Length:  0',
    ],
  ],
  [
    'freeswitch',
    'REGISTER',
    [
      start('401 Unauthorized'),
      `${VIA};branch=z9hG4bK-1;rport=5061`,
      FROM,
      TO,
      'Call-ID: call-1',
      'CSeq: 1 REGISTER',
      'User-Agent: FreeSWITCH-mod_sofia/1.10.12-release~a88d069d6f~64bit',
      'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY, ' +
        'PUBLISH, SUBSCRIBE',
      'Supported: timer, path, replaces',
      'WWW-Authenticate: Digest realm="asterisk", nonce="…", algorithm=MD5',
      'Content-Length: 0',
    ],
  ],
  [
    'freeswitch',
    'INVITE',
    [
      start('407 Proxy Authentication Required'),
      `${VIA};branch=z9hG4bK-1;rport=5061`,
      FROM,
      TO,
      'Call-ID: call-1',
      'CSeq: 1 INVITE',
      'User-Agent: FreeSWITCH-mod_sofia/1.10.12-release~a88d069d6f~64bit',
      'Accept: application/sdp',
      'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY, ' +
        'PUBLISH, SUBSCRIBE',
      'Supported: timer, path, replaces',
      'Allow-Events: talk, hold, conference, presence, as-feature-event, dialog, line-seize, ' +
        'call-info, sla, include-session-description, presence.winfo, message-summary, refer',
      'Proxy-Authenticate: Digest realm="asterisk", nonce="…", algorithm=MD5',
      'Content-Length: 0',
    ],
  ],
  [
    'cisco',
    'OPTIONS',
    [
      start('200 OK'),
      `${VIA};branch=z9hG4bK-1;rport`,
      FROM,
      TO,
      'Date: Mon, 21 Sep 2026 14:13:20 GMT',
      'Call-ID: call-1',
      'Server: Cisco-SIPGateway/IOS-12.x',
      'CSeq: 1 OPTIONS',
      'Supported: 100rel,replaces',
      'Allow: INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, COMET, REFER, SUBSCRIBE, NOTIFY, INFO, ' +
        'UPDATE, REGISTER',
      'Accept: application/sdp',
      'Allow-Events: telephone-event',
      'Content-Length: 154',
      'Content-Type: application/sdp',
    ],
  ],
  [
    'phone',
    'INVITE',
    [
      start('486 Busy Here'),
      `${VIA};branch=z9hG4bK-1;rport=5061`,
      FROM,
      TO,
      'Call-ID: call-1',
      'CSeq: 1 INVITE',
      'User-Agent: Yealink SIP-T46S 66.85.0.5',
      'Content-Length: 0',
    ],
  ],
];

it.each(CAPTURED)(
  '%s answers %s header for header as it does in captures',
  (name, method, lines) => {
    const answered = answerOf(name, method);
    expect(answered.slice(0, answered.indexOf(''))).toEqual(lines);
  },
);

describe.each(PERSONA_NAMES)('%s', (name) => {
  const settings = makeSettings({ persona: name });

  it('has a reason phrase and headers for every status that it gives', () => {
    for (const [method, policy] of Object.entries(PERSONAS[name].methods)) {
      if (typeof policy === 'number') expect(PERSONAS[name].reasons[policy], method).toBeDefined();
    }
    for (const order of Object.values(PERSONAS[name].orders)) {
      expect(order).toEqual(expect.arrayContaining(['Via', 'From', 'To', 'Call-ID', 'CSeq']));
      expect(order).toContain('Content-Length');
      expect(new Set(order).size).toBe(order.length);
    }
  });

  it('proves an address by the tag of its answer to INVITE, and by its nonce', () => {
    const event = makeEvent(makeRequest('INVITE', '100'));
    const { messages } = answerRequest(event, settings, createAnswerState());
    const answer = parseMessage(messages[0] ?? Buffer.alloc(0));
    expect(answer.anomalies).toEqual([]);
    expect(checkToTag(SECRET, '192.0.2.1', 'call-1', answer.toTag ?? '', NOW_US)).toBe(true);
    expect(checkToTag(SECRET, '192.0.2.2', 'call-1', answer.toTag ?? '', NOW_US)).toBe(false);
    const nonce = /nonce="(.+?)"/.exec(answer.bytes.toString('latin1'))?.[1];
    if (nonce === undefined) expect(name).toBe('phone');
    else expect(checkNonce(SECRET, '192.0.2.1', nonce, NOW_US)).toBe(true);
  });

  it.each(['OPTIONS', 'REGISTER', 'INVITE', 'BYE', 'MESSAGE', 'X'])(
    'answers %s in a message that a parser finds no fault with, and repeats what it must',
    (method) => {
      const event = makeEvent(makeRequest(method, '100'), 'tcp');
      const { messages } = answerRequest(event, settings, createAnswerState());
      const answer = parseMessage(messages[0] ?? Buffer.alloc(0));
      expect(answer.anomalies).toEqual([]);
      expect(answer.statusCode).not.toBeNull();
      expect(answer.header('cseq')).toBe(`1 ${method}`);
      expect(answer.viaBranch).toBe('z9hG4bK-1');
    },
  );

  it('tells a product that is none of a honeypot known by name', () => {
    expect(PERSONAS[name].product[1]).not.toMatch(/14\.0\.16\.11|17\.0\.32|sentry|honey|dionaea/i);
  });
});
