import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/core/sip/parse.js';

const root = process.env['SIP_CORPORA'] ?? '';

const namesIn = (folder: string): string[] =>
  root === '' ? [] : readdirSync(join(root, folder)).map((file) => join(folder, file));

/** What each invalid message has wrong: the anomaly that must be among those found. */
const EXPECTED: Readonly<Record<string, string>> = {
  'badaspec.dat': 'bad-address',
  'baddate.dat': 'bad-date',
  'baddn.dat': 'bad-address',
  'baddn.no-final-crlf.dat': 'unterminated-headers',
  'badinv01.dat': 'empty-parameter',
  'badvers.dat': 'bad-version',
  'bigcode.dat': 'bad-status-code',
  'clerr.dat': 'short-body',
  'escruri.dat': 'bad-request-uri',
  'ltgtruri.dat': 'bad-request-uri',
  'lwsruri.dat': 'bad-request-uri',
  'lwsstart.dat': 'bad-start-line',
  'mismatch01.dat': 'cseq-method-mismatch',
  'mismatch02.dat': 'cseq-method-mismatch',
  'ncl.dat': 'bad-content-length',
  'quotbal.dat': 'unterminated-quote',
  'regbadct.dat': 'bad-address',
  'scalar02.dat': 'bad-cseq',
  'scalarlg.dat': 'bad-cseq',
  'test.dat': 'bad-version',
  'trws.dat': 'bad-start-line',
  'ipv6-bad.dat': 'bad-request-uri',
  // Well-formed, but not as RFC 3261 wants a request.
  'insuf.dat': 'missing-header',
  'mcl01.dat': 'duplicate-header',
  'multi01.dat': 'duplicate-header',
  'badbranch.dat': 'bad-branch',
};

const FOLDERS = [
  'rfc4475/valid',
  'rfc4475/invalid',
  'rfc4475/application',
  'rfc4475/transaction',
  'rfc4475/rfc2543',
  'rfc5118/valid',
  'rfc5118/invalid',
  'rfc5118/crlf-fixed',
];
const cases = FOLDERS.flatMap(namesIn);

describe.skipIf(root === '')(`RFC 4475 and RFC 5118: ${cases.length} messages`, () => {
  it('are all there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(70);
  });

  it.each(cases)('%s', (name) => {
    const { kind, anomalies } = parseMessage(readFileSync(join(root, name)));
    expect(kind).not.toBe('other');
    const expected = EXPECTED[name.slice(name.lastIndexOf('/') + 1)];
    if (expected === undefined) expect(anomalies).toEqual([]);
    else expect(anomalies).toContain(expected);
  });
});

interface Recorded {
  readonly tool: string;
  readonly attack_type: string;
  readonly raw: string;
}

function readTraffic(): Recorded[] {
  if (root === '') return [];
  const lines = readFileSync(join(root, 'tool-traffic.jsonl'), 'utf8').split('\n');
  // The file is ours to describe: test/core/sip reads three of its fields, all of them text.
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded);
}

const benign = readTraffic().filter(({ attack_type }) => attack_type === 'benign');

describe.skipIf(root === '')(`recorded phones and trunks: ${benign.length} packets`, () => {
  it('carry no anomaly', () => {
    const odd = benign
      .map(({ tool, raw }) => ({ tool, found: parseMessage(Buffer.from(raw, 'latin1')).anomalies }))
      .filter(({ found }) => found.length > 0);
    expect(benign.length).toBeGreaterThan(50);
    expect(odd).toEqual([]);
  });
});
