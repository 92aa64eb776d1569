import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseRules } from '../../../../src/config/rules/parse-rules.js';
import { reasonOf } from '../../../../src/core/detect/score/reason.js';
import type { Proof } from '../../../../src/core/model/proof.js';
import { request, toEvent } from '../events.js';
import { START_US } from '../replay.js';

const [RULE] = parseRules(
  `
id: r
name: R
version: 1
attack_type: credential_attack
severity: high
description: Made up.
match: { methods: [REGISTER] }
points: 100`,
  'r.yaml',
);
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

function reason(user: string, password: string, proof: Proof): string {
  if (RULE === undefined) throw new Error('no rule');
  const response = md5(`${md5(`${user}:pbx:${password}`)}:n:${md5('REGISTER:sip:pbx')}`);
  const Authorization = `Digest username="${user}", realm="pbx", nonce="n", uri="sip:pbx", response="${response}"`;
  // An hour in which no other test spends hashes.
  const receivedAtUs = START_US + 7_200_000_000;
  const event = toEvent(request('REGISTER', { Authorization }), { proof, receivedAtUs });
  return reasonOf(RULE, event, { things: 0, spanUs: 0, eventIds: [] });
}

it.each([
  ['4711', '4711', 'nonce', ', the password tried is the user name'],
  ['4711', 'changeme', 'tcp', ', the password tried is "changeme"'],
  ['a\x1bb', 'a\x1bb1', 'nonce', ', the password tried is "a\\x1bb1"'],
  ['4711', 'kR5#x', 'nonce', ''],
  // A forged packet must not accuse.
  ['4711', '4711', 'none', ''],
] as const)('%s with %s, proved by %s', (user, password, proof, text) => {
  expect(reason(user, password, proof)).toBe(`R: REGISTER over udp${text}`);
});
