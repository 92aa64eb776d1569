import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../../src/config/rules/parse-rules.js';
import { loadRules } from '../../../src/config/rules/rules.js';
import { AgentError } from '../../../src/core/common/errors.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures/rules');
const GOOD = readFileSync(join(FIXTURES, 'good.yaml'), 'utf8');

function messageOf(text: string): string {
  try {
    parseRules(text, 'x.yaml');
  } catch (error) {
    if (error instanceof AgentError && error.code === 'RULES_INVALID') return error.message;
    throw error;
  }
  throw new Error('the rules were accepted');
}

describe('parseRules', () => {
  it('reads every key of the format', () => {
    const [rule, second] = parseRules(GOOD, 'good.yaml');
    expect(rule).toEqual({
      id: 'own-rule',
      name: 'Own rule',
      version: 3,
      attackType: 'toll_fraud',
      severity: 'critical',
      basis: 'behaviour',
      context: 'trap',
      description: 'many numbers.',
      references: ['RFC 3261'],
      match: { kind: 'request', methods: ['INVITE', 'REFER'] },
      when: 'event.to_tag == ""',
      count: {
        by: ['source', 'from_user'],
        distinct: 'request_user',
        over: 9,
        withinS: 86_400,
        leakS: null,
        apartS: null,
        settleS: null,
        own: null,
        repeats: false,
        forgetWhen: 'event.proven',
      },
      points: 40,
      pointsProven: 100,
      muteS: 7_200,
      samples: [
        {
          name: 'one',
          events: [
            {
              raw: 'INVITE sip:1@x SIP/2.0\n\n',
              source: '2001:db8::1',
              sourcePort: 5070,
              local: '192.0.2.1',
              transport: 'tls',
              proof: 'tls',
              retransmission: true,
              repeat: 2,
              outcome: 'none',
              vouched: false,
              afterMs: 500,
            },
          ],
          expect: { sightings: 0, firstEvent: null, points: 0, pointsProven: 0 },
        },
      ],
      sourceFile: 'good.yaml',
      sourceLine: 2,
    });
    expect(second).toMatchObject({ id: 'second', count: null, pointsProven: 5, muteS: 60 });
  });

  const edits: readonly [string, string | RegExp, string, RegExp][] = [
    [
      'an unknown key',
      'severity:',
      'severty:',
      /^x\.yaml:6:\d+: unknown key 'severty', .*'severity'/,
    ],
    [
      'an unknown inner key',
      'over:',
      'ovr:',
      /^x\.yaml:1\d:\d+: unknown key 'ovr' in 'count', .*over/,
    ],
    [
      'a bad attack type',
      'toll_fraud',
      'tol_fraud',
      /:5:14: attack_type: read "tol_fraud", allowed is one of .*'toll_fraud'/,
    ],
    [
      'a bad duration',
      '1d',
      '1 day',
      /count\.within: read "1 day", allowed is a number and a unit/,
    ],
    ['a window that is too long', '1d', '8d', /at most 7d/],
    [
      'a number that is too high',
      'over: 9',
      'over: 9000',
      /over: read 9000, the most allowed is 1000/,
    ],
    ['text for a number', 'over: 9', 'over: few', /over: read "few", allowed is a/],
    [
      'an unknown field',
      'request_user',
      'request_usr',
      /distinct: read "request_usr", .*'request_user'/,
    ],
    ['a list that is counted', 'request_user', 'anomalies', /a list cannot be counted/],
    ['a window and a leak', 'within: 1d', 'within: 1d\n  leak: 1s', /either `within` or `leak`/],
    ['neither window nor leak', '  within: 1d\n', '', /either `within` or `leak`/],
    ['a leak with apart', 'within: 1d', 'leak: 10ms\n  apart: 1s', /go with `within`/],
    ['settle without distinct', '  distinct: request_user\n', '  settle: 1h\n', /needs `distinct`/],
    ['a share of its own source', 'over: 9', 'over: 9\n  own: 2', /leave `source` out/],
    ['a basis that is none', 'severity:', 'basis: guess\nseverity:', /behaviour, tool/],
    [
      'an unknown field to count by',
      'from_user]',
      'from_usr]',
      /by\.1: read "from_usr".*'from_user'/,
    ],
    ['an id with a blank', 'own-rule', 'own rule', /id: read "own rule", allowed are lower-case/],
    ['a missing key', 'points: 40\n', '', /^x\.yaml:2:1: the key 'points' is missing/],
    [
      'a field that is not there',
      'event.to_tag',
      'event.to_tga',
      /:12:\d+: when: No such key: to_tga in `to_tga` .*'to_tag'/,
    ],
    ['a condition that is no CEL', 'to_tag == ""', 'to_tag = ""', /when: /],
    ['a bad forget_when', 'event.proven', 'event.proof', /count\.forget_when: .* must give bool/],
    [
      'a sample address that is none',
      '2001:db8::1',
      'host',
      /source: read "host", allowed is an IP/,
    ],
    ['text that is not YAML', 'points: 40', 'points: [', /^x\.yaml:\d+:\d+: this is not YAML/],
    ['an alias of nothing', 'points: 40', 'points: *none', /this is not YAML: .*none/],
  ];
  it.each(edits)('says where and what is wrong with %s', (_name, from, to, message) => {
    const text = GOOD.replace(from, to);
    expect(text).not.toBe(GOOD);
    expect(messageOf(text)).toMatch(message);
  });

  it('says what a rule is where a file holds none', () => {
    expect(messageOf('root:x:0:0:root:/root:/bin/sh')).toBe(
      "x.yaml:1:1: this is no rule: a rule is a mapping of keys such as 'id: mine'",
    );
  });

  it('refuses a document that is no mapping', () => {
    expect(messageOf('- a\n')).toMatch(/^x\.yaml:1:1: /);
  });
});

describe('loadRules', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rules-'));
    for (const name of ['built-in', 'own']) await mkdir(join(root, name));
  });
  afterEach(() => rm(root, { recursive: true }));
  const write = (name: string, text: string): Promise<void> => writeFile(join(root, name), text);
  const load = (...names: string[]) => loadRules(names.map((name) => join(root, name)));

  it('puts an own rule in the place of a built-in one, and ignores other files', async () => {
    await write('built-in/a.yaml', GOOD);
    await write('own/b.yaml', GOOD.replace('points: 40', 'points: 7'));
    await write('own/notes.txt', 'no rule');
    const rules = await load('built-in', 'own', 'absent');
    expect(rules.map(({ id, points }) => [id, points])).toEqual([
      ['own-rule', 7],
      ['second', 5],
    ]);
  });

  it.each([
    ['two lines', 'id: own-rule\nenabled: false\n'],
    [
      'a whole rule',
      (GOOD.split('---')[0] ?? '').replace('severity:', 'enabled: false\nseverity:'),
    ],
  ])('switches a built-in rule off by %s', async (_name, text) => {
    await write('built-in/a.yaml', GOOD);
    await write('own/off.yaml', text);
    expect((await load('built-in', 'own')).map(({ id }) => id)).toEqual(['second']);
  });

  it.each([
    [
      'switching off what is not there',
      { 'built-in/a.yaml': GOOD, 'own/b.yaml': 'id: own-rul\nenabled: false\n' },
      /b\.yaml:1:1: id: there is no rule 'own-rul' to switch off/,
    ],
    [
      'an id twice in one directory',
      { 'own/a.yaml': GOOD, 'own/b.yaml': GOOD },
      /b\.yaml:2:1: id: .*a\.yaml:2/,
    ],
    ['no rule at all', { 'own/a.yaml': '# nothing\n' }, /no rules are to be found/],
    ['a file that is too large', { 'own/a.yaml': '#'.repeat(1_048_577) }, /at most 1048576/],
  ])('refuses %s', async (_name, files, message) => {
    for (const [name, text] of Object.entries(files)) await write(name, text);
    await expect(load('own')).rejects.toMatchObject({
      code: 'RULES_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });

  it('says so when a rule cannot be read', async () => {
    await mkdir(join(root, 'own/a.yaml'));
    await expect(load('own')).rejects.toThrow(/a\.yaml: the rules cannot be read/);
  });
});
