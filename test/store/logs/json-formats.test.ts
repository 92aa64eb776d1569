import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv, type AnySchema } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_FORMAT_NAMES } from '../../../src/core/model/log-format.js';
import { readFacts } from '../../../src/store/event-facts.js';
import { JSON_FORMATS } from '../../../src/store/logs/json-formats.js';
import { sampleEvent, sipText } from '../samples.js';

const SCHEMAS = resolve(import.meta.dirname, '../../../docs/schemas');
const origin = { appVersion: '1.0.0', instanceId: 'fac3fa20-8c2c-445b-8661-50a70fa9e873' };
const ajv = new Ajv({ allErrors: true });

const samples = [
  sampleEvent(1),
  sampleEvent(2, {
    raw: Buffer.from(sipText('INVITE', 'Authorization: Digest username="100"\r\n')),
    attackType: 'toll_fraud',
    score: 120.5,
    proof: 'tls',
    transport: 'tls',
    answeredStatus: null,
    source: { address: '2001:db8::7', port: 65_535 },
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', sni: 'pbx.example.org' },
  }),
  sampleEvent(3, { raw: Buffer.from('SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n') }),
  sampleEvent(4, { raw: Buffer.from('\x00\x1b[2J\u202e"}\n{"forged": 1}', 'latin1') }),
];

describe.each(JSON_FORMAT_NAMES)('the format %s', (name) => {
  const schema = JSON.parse(
    readFileSync(resolve(SCHEMAS, `${name}.schema.json`), 'utf8'),
  ) as AnySchema;
  const validate = ajv.compile(schema);
  const format = (record: (typeof samples)[number]): string =>
    JSON_FORMATS[name](record, readFacts(record), origin);

  it('fits its schema', () => {
    for (const record of samples) {
      const valid = validate(JSON.parse(format(record)));
      expect([valid, validate.errors]).toEqual([true, null]);
    }
  });

  it('is one line of printable ASCII that fits its schema, whatever the packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, headed) => {
        const text = headed ? Buffer.from(sipText('REGISTER', 'X: ')) : Buffer.alloc(0);
        const raw = Buffer.concat([text.subarray(0, text.length - 4), bytes]);
        const line = format(sampleEvent(1, { raw }));
        expect(line).toMatch(/^[\x20-\x7e]+$/);
        expect(validate(JSON.parse(line))).toBe(true);
      }),
    );
  });
});
