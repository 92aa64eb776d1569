import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFramer, push } from '../../../src/core/sip/frame.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { answerRequest, createAnswerState } from '../../../src/core/trap/answer.js';
import { PERSONA_NAMES, type PersonaName } from '../../../src/core/trap/persona.js';
import { makeEvent, makeSettings } from './message.js';

const root = process.env['SIP_CORPORA'] ?? '';

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly folder: string;
  /** What a server is to do with it, in the words of the manifest. */
  readonly expected: string;
}

function readCases(): Case[] {
  if (root === '') return [];
  return ['rfc4475', 'rfc5118'].flatMap((suite) => {
    const lines = readFileSync(join(root, suite, 'manifest.tsv'), 'utf8')
      .trim()
      .split('\n');
    return lines.slice(1).map((line) => {
      const [name = '', , folder = '', ...rest] = line.split('\t');
      return { suite, name, folder, expected: rest.at(-1) ?? '' };
    });
  });
}

/** Statuses that say: this is no request that I can read, or serve. */
const REFUSALS = [400, 405, 406, 415, 416, 420, 501, 505];

/** As the manifest, where its words are for people: `null` is no answer. */
const BY_NAME: Readonly<Record<string, readonly (number | null)[]>> = {
  // Methods unknown. FreePBX wants a password first, whatever the method, and the user is none.
  intmeth: [405, 501, 404],
  esc02: [405, 501, 404],
  // Not every persona takes text messages.
  mpart01: [404, 405, 501],
  test: [400, null],
  // A wrong zone in a Date is to be ignored.
  baddate: [401, 407, 486],
  novelsc: [416],
  sdp01: [406],
  // The header is ignored, and the user that is named is none of ours; see below.
  regaut01: [404],
  badbranch: [400, 200],
  zeromf: [200],
};

/** Registrations are good messages; that they get no 200 is for want of a password or a user. */
const REGISTERED = [401, 404];

function isRight(status: number | null, name: PersonaName, each: Case): boolean {
  const { expected } = each;
  const [code] = /\b[2-6]\d\d\b/.exec(expected) ?? [];
  const isRegister = /^(?:cparam|regescrt|regaut|unksm2|regbadct|scalar02)/.test(each.name);
  if (name === 'phone' && isRegister && status === 405) return true;
  const known = BY_NAME[each.name];
  if (known !== undefined) return known.includes(status);
  if (/discard|response/.test(expected)) return status === null;
  if (code === '200') return REGISTERED.includes(status ?? 0);
  if (expected.includes('may be liberal') && status !== 400) return !REFUSALS.includes(status ?? 0);
  if (code !== undefined) return status === Number(code);
  const isPhoneRegister = name === 'phone' && status === 405;
  return status !== null && (isPhoneRegister || !REFUSALS.includes(status));
}

const cases = readCases();
const read = ({ suite, folder, name }: Case): Buffer =>
  readFileSync(join(root, suite, folder, `${name}.dat`));

const statusOf = (bytes: Buffer, persona: PersonaName): number | null =>
  answerRequest(makeEvent(parseMessage(bytes)), makeSettings({ persona }), createAnswerState())
    .status;

describe.skipIf(root === '')(`answers to the ${cases.length} cases of the manifests`, () => {
  it('are about all cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(61);
  });

  it.each(cases.map((each) => [each.name, each.expected, each] as const))(
    '%s: %s',
    (_, __, each) => {
      for (const persona of PERSONA_NAMES) {
        const status = statusOf(read(each), persona);
        expect([persona, status, isRight(status, persona, each)]).toEqual([persona, status, true]);
      }
    },
  );

  it('challenge anew when the scheme of the credentials is unknown', () => {
    const [each] = cases.filter(({ name }) => name === 'regaut01');
    if (each === undefined) throw new Error('regaut01 is there');
    const text = read(each).toString('latin1').replaceAll('j.user', '100');
    expect(statusOf(Buffer.from(text, 'latin1'), 'asterisk')).toBe(401);
  });

  it.each(['ncl', 'mcl01'])('end a stream behind the 400 to %s', (name) => {
    const [each] = cases.filter((one) => one.name === name);
    if (each === undefined) throw new Error(`${name} is there`);
    const bytes = read(each);
    const framer = createFramer({ headBytesMax: 32_768, messageBytesMax: 65_535 });
    const { messages, failure } = push(framer, bytes);
    expect(failure).toContain('Content-Length');
    expect(messages.map((message) => statusOf(message, 'asterisk'))).toEqual([400]);
  });
});
