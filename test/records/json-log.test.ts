import { describe, expect, it } from 'vitest';
import { createLocalTimeReader } from '../../src/core/common/local-time.js';
import { readTime } from '../../src/core/common/time.js';
import { readLogLine } from '../../src/records/json-log.js';
import { formatJsonLine } from '../../src/store/logs/event-lines.js';
import { readFacts } from '../../src/store/event-facts.js';
import { sampleEvent, START_US } from '../store/samples.js';
import { decodeAll } from './decode.js';

const ORIGIN = { appVersion: '1', instanceId: 'i' };
const lineOf = (change: Parameters<typeof sampleEvent>[1]): string => {
  const record = sampleEvent(1, change);
  return formatJsonLine(record, readFacts(record), ORIGIN);
};

describe('a line of the JSON log', () => {
  it.each<[string, Parameters<typeof sampleEvent>[1]]>([
    ['plain text', {}],
    ['with its proof', { proof: 'nonce' }],
    ['over TLS, from IPv6', { transport: 'tls', source: { address: '2001:db8::7', port: 9 } }],
    ['of bytes that are no text', { raw: Buffer.from([0, 255, 128, 13, 10, 65]) }],
    ['of UTF-8', { raw: Buffer.from('INVITE sip:ü@h SIP/2.0\r\n\r\n') }],
    ['of nothing', { raw: Buffer.alloc(0) }],
  ])('gives back what was received: %s', (_name, change) => {
    const record = sampleEvent(1, change);
    expect(readLogLine(lineOf(change), createLocalTimeReader('America/New_York'))).toEqual({
      packet: {
        receivedAtUs: record.receivedAtUs,
        transport: record.transport,
        source: record.source,
        local: record.local,
        bytes: Buffer.from(record.raw),
      },
      proof: record.proof,
    });
  });

  it("may be SentryPeer's own, which names neither ports nor proof", () => {
    const line = JSON.stringify({
      event_timestamp: '2026-01-01 00:00:00.000001000',
      transport_type: 'UDP',
      source_ip: '203.0.113.7',
      destination_ip: '192.0.2.1',
      sip_message: 'OPTIONS sip:h SIP/2.0\r\n\r\n',
    });
    expect(readLogLine(line, createLocalTimeReader('UTC'))).toMatchObject({
      packet: { receivedAtUs: START_US + 1, source: { port: 5060 } },
      proof: 'none',
    });
  });

  it.each(['', '{', '[]', 'null', '7', '{}', '{"timestamp":1}'])('is no event: %j', (line) => {
    expect(readLogLine(line, createLocalTimeReader('UTC'))).toBeNull();
  });

  it.each([
    ['2026-01-01T00:00:00.123456Z', START_US + 123_456],
    ['2026-01-01 00:00:00.123456789', START_US + 123_456],
    ['2026-01-01T00:00:00Z', START_US],
    ['2026-13-01T00:00:00Z', null],
    ['yesterday', null],
  ])('has the time %s', (text, us) => {
    expect(readTime(text)).toBe(us);
  });
});

describe("a log of SentryPeer's", () => {
  const lineAt = (time: string): string =>
    JSON.stringify({
      app_name: 'sentrypeer',
      event_timestamp: time,
      transport_type: 'UDP',
      source_ip: '203.0.113.7',
      destination_ip: '192.0.2.1',
      sip_message: 'OPTIONS sip:h SIP/2.0\r\n\r\n',
    });

  it('is in order: its fractions are nanoseconds, its times those of the zone', () => {
    const times = ['00.5000123', '00.100000000', '00.999000000', '01.000045'];
    const log = times.map((second) => lineAt(`2026-01-05 10:00:${second}`)).join('\n');
    const { messages, report } = decodeAll(Buffer.from(log), { timeZone: 'Europe/Berlin' });
    const atUs = Date.parse('2026-01-05T09:00:00Z') * 1_000;
    expect(messages.map(({ packet }) => packet.receivedAtUs - atUs)).toEqual([
      5_000, 100_000, 999_000, 1_000_000,
    ]);
    expect(report.localTimes).toMatchObject({ zone: 'Europe/Berlin', counts: { read: 4 } });
  });
});

describe('a JSON log', () => {
  it('that is damaged gives its good lines, and says where the first bad one stands', () => {
    const long = `{"sip_message":"${'x'.repeat(1_100_000)}"}`;
    const log = [lineOf({}), 'junk', long, lineOf({}), lineOf({}).slice(0, 40)].join('\n');
    const { messages, report } = decodeAll(Buffer.from(log));
    expect(messages).toHaveLength(2);
    expect(report).toMatchObject({ format: 'json-log', records: 5, messages: 2 });
    expect(report.damage).toMatch(/^line 2: /);
    expect([...report.leftOut]).toEqual([['bad_lines', 3]]);
  });

  it('gives its last line without a line end too', () => {
    expect(decodeAll(Buffer.from(lineOf({}))).messages).toHaveLength(1);
  });
});
