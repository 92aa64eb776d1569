import { expect, it } from 'vitest';
import { parseMessage } from '../../../../src/core/sip/parse.js';
import { makeNonce, makeToTag } from '../../../../src/core/trap/proof/nonce.js';
import { bearsOurTag, proveSource } from '../../../../src/core/trap/proof/prove.js';
import { digest, makeRequest, NOW_US, SECRET } from '../message.js';

const address = '192.0.2.1';
const nonce = makeNonce(SECRET, address, NOW_US);
const tag = makeToTag(SECRET, address, 'call-1', NOW_US);
const tagged = { To: `<sip:100@198.51.100.1>;tag=${tag}` };

it.each([
  ['a plain request', makeRequest('REGISTER', '100'), 'udp', address, 'none'],
  ['the same over TCP', makeRequest('REGISTER', '100'), 'tcp', address, 'tcp'],
  ['the same over TLS', makeRequest('REGISTER', '100'), 'tls', address, 'tls'],
  [
    'our nonce',
    makeRequest('REGISTER', '100', { Authorization: digest(nonce) }),
    'udp',
    address,
    'nonce',
  ],
  [
    'our nonce for a proxy',
    makeRequest('INVITE', '100', { 'Proxy-Authorization': digest(nonce) }),
    'udp',
    address,
    'nonce',
  ],
  [
    'our nonce from elsewhere',
    makeRequest('REGISTER', '100', { Authorization: digest(nonce) }),
    'udp',
    '192.0.2.2',
    'none',
  ],
  [
    'a nonce of its own',
    makeRequest('REGISTER', '100', { Authorization: digest('f'.repeat(32)) }),
    'udp',
    address,
    'none',
  ],
  ['our tag in an ACK', makeRequest('ACK', '100', tagged), 'udp', address, 'dialog'],
  ['our tag in a BYE', makeRequest('BYE', '100', tagged), 'udp', address, 'dialog'],
  ['our tag in an INVITE', makeRequest('INVITE', '100', tagged), 'udp', address, 'none'],
  ['our tag from elsewhere', makeRequest('ACK', '100', tagged), 'udp', '192.0.2.2', 'none'],
  [
    'our tag in another call',
    makeRequest('ACK', '100', { ...tagged, 'Call-ID': 'other' }),
    'udp',
    address,
    'none',
  ],
  ['an ACK without a tag', makeRequest('ACK', '100'), 'udp', address, 'none'],
  ['no SIP over UDP', parseMessage(Buffer.alloc(0)), 'udp', address, 'none'],
  ['no SIP over TCP', parseMessage(Buffer.alloc(0)), 'tcp', address, 'tcp'],
] as const)('%s', (_, message, transport, from, proof) => {
  expect(proveSource(message, transport, from, SECRET, NOW_US)).toBe(proof);
});

const FOREIGN = { To: '<sip:1@a>;tag=as01234567' };
it.each([
  ['no tag', makeRequest('OPTIONS', '100'), false],
  ['a tag of ours', makeRequest('INVITE', '100', tagged), true],
  ['ours of another call', makeRequest('BYE', '100', { ...tagged, 'Call-ID': 'other' }), false],
  ['one that looks like ours', makeRequest('REGISTER', '100', FOREIGN), false],
  ['no SIP', parseMessage(Buffer.alloc(0)), false],
] as const)('%s: we gave it or not', (_, message, ours) => {
  expect(bearsOurTag(message, address, SECRET, NOW_US)).toBe(ours);
});
