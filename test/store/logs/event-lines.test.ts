import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatEventLine, formatJsonLine } from '../../../src/store/logs/event-lines.js';
import { readFacts } from '../../../src/store/event-facts.js';
import type { EventRecord } from '../../../src/core/model/event.js';
import { sampleEvent, sipText } from '../samples.js';

const origin = { appVersion: '1.2.3', instanceId: 'node-1' };
const line = (record: EventRecord) => formatEventLine(record, readFacts(record));
const json = (record: EventRecord) => formatJsonLine(record, readFacts(record), origin);
const parsed = (record: EventRecord) => JSON.parse(json(record)) as Record<string, unknown>;
const withText = (text: string, change: Partial<EventRecord> = {}) =>
  sampleEvent(1, { raw: Buffer.from(text), ...change });

describe('formatEventLine', () => {
  const start = '2026-01-01T00:00:00.000001Z';
  const cases: [string, EventRecord, string][] = [
    [
      'a scan',
      sampleEvent(1, { attackType: 'extension_enumeration', score: 80 }),
      'REGISTER from 203.0.113.7:5060 udp proof=none ua="friendly-scanner" user=101' +
        ' attack=extension_enumeration score=80 answered=404',
    ],
    [
      'a call over IPv6',
      withText(sipText('INVITE'), {
        source: { address: '2001:db8::7', port: 5062 },
        transport: 'tcp',
        proof: 'tcp',
        score: 12.3456,
        answeredStatus: null,
      }),
      'INVITE from [2001:db8::7]:5062 tcp proof=tcp ua="friendly-scanner" user=100' +
        ' called=442079460000 score=12.3',
    ],
    [
      'what is no SIP',
      withText('GET / HTTP/1.1\r\n\r\n', { answeredStatus: null }),
      'non-SIP from 203.0.113.7:5060 udp proof=none anomalies=http score=0',
    ],
    [
      'a user name with a quote and a blank',
      withText(sipText('REGISTER').replace('sip:101@', 'sip:a" b@')),
      'user="a\\x22 b"',
    ],
  ];

  it.each(cases)('says in one line what came: %s', (_, record, expected) => {
    expect(line(record).startsWith(`${start} `)).toBe(true);
    expect(line(record)).toContain(expected);
  });
});

describe('formatJsonLine', () => {
  it('begins with the names, types and time form of SentryPeer', () => {
    const record = sampleEvent(1, { attackType: 'sip_scan', score: 40 });
    const entries = Object.entries(parsed(record));
    expect(Object.fromEntries(entries.slice(0, 13))).toEqual({
      app_name: 'sentrypeer-agent',
      app_version: '1.2.3',
      event_timestamp: '2026-01-01 00:00:00.000001000',
      event_uuid: '00000000-0000-4000-8000-000000000001',
      created_by_node_id: 'node-1',
      collected_method: 'responsive',
      transport_type: 'UDP',
      source_ip: '203.0.113.7',
      destination_ip: '192.0.2.1',
      called_number: '',
      sip_method: 'REGISTER',
      sip_user_agent: 'friendly-scanner',
      sip_message: sipText('REGISTER'),
    });
    expect(Object.fromEntries(entries.slice(13))).toMatchObject({
      timestamp: '2026-01-01T00:00:00.000001Z',
      source_port: 5060,
      destination_port: 5060,
      method: 'REGISTER',
      attack_type: 'sip_scan',
      score: 40,
      proof: 'none',
      raw_base64: null,
    });
  });

  const texts: [string, string | Buffer, boolean][] = [
    ['plain text', sipText('OPTIONS'), true],
    ['UTF-8', sipText('OPTIONS', 'Subject: Grüße\r\n'), true],
    ['a byte that is no UTF-8', Buffer.from(sipText('OPTIONS', 'Subject: ÿ\r\n'), 'latin1'), false],
    ['a NUL', sipText('OPTIONS', 'Subject: a\0b\r\n'), false],
    ['an escape sequence', sipText('OPTIONS', 'Subject: \x1b[2J\r\n'), false],
  ];

  it.each(texts)('adds the bytes where the text does not hold them: %s', (_, text, isPlain) => {
    const raw = Buffer.from(text);
    const object = parsed(sampleEvent(1, { raw }));
    expect(object['raw_base64']).toBe(isPlain ? null : raw.toString('base64'));
    expect(object['sip_message']).toBe(raw.toString(text === String(text) ? 'utf8' : 'latin1'));
  });
});

describe('a log', () => {
  const forgeries = [
    'User-Agent: x\n2026-01-01T00:00:00.000000Z INVITE from 198.51.100.9:5060 udp\r\n',
    'User-Agent: x"}\n{"source_ip":"198.51.100.9"}\r\n',
    'User-Agent: \u2028\u2029\u0085\u202e\x7f\x9b31m\x1b]0;title\x07\r\n',
    'User-Agent: \\",\\u000a\r\n',
  ];

  const isOnePrintableLine = (text: string) => /^[\x20-\x7e…]+$/.test(text);

  it.each(forgeries)('holds one printable line for %j', (extra) => {
    for (const encoding of ['utf8', 'latin1'] as const) {
      const text = sipText('REGISTER', extra).replace('User-Agent: friendly-scanner\r\n', '');
      const record = sampleEvent(1, { raw: Buffer.from(text, encoding) });
      expect(line(record)).toSatisfy(isOnePrintableLine);
      expect(json(record)).toSatisfy(isOnePrintableLine);
      expect(parsed(record)['source_ip']).toBe('203.0.113.7');
    }
  });

  it('holds one printable line and every byte, whatever came', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 80 }).map((text) => {
        return Buffer.from(sipText('INVITE', `User-Agent: ${text}\r\nContact: <sip:${text}>\r\n`));
      }),
    );
    fc.assert(
      fc.property(bytes, (raw) => {
        const record = sampleEvent(1, { raw });
        expect(line(record)).toSatisfy(isOnePrintableLine);
        expect(json(record)).toSatisfy(isOnePrintableLine);
        const { raw_base64: base64, sip_message: message } = parsed(record);
        const kept =
          typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.from(String(message));
        expect(kept.equals(raw)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
