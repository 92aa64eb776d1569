import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttackType } from '../../../../src/core/model/attack-type.js';
import { LIMITS } from '../../../../src/core/common/limits.js';
import { readFacts } from '../../../../src/store/event-facts.js';
import {
  agentEntry,
  eventEntry,
  type RemoteFormat,
} from '../../../../src/store/logs/remote/entry.js';
import { journalGreeting, journalLine } from '../../../../src/store/logs/remote/journal-line.js';
import { frame, syslogLine } from '../../../../src/store/logs/remote/syslog-line.js';
import { sampleEvent, sipText, START_US } from '../../samples.js';

const SENDER = { facility: 'daemon', hostname: 'pbx', pid: 7 } as const;
const ORIGIN = { appVersion: '1.0.0', instanceId: 'i' };

function lineOf(
  raw: string | Buffer,
  format: RemoteFormat = 'text',
  attackType: AttackType | null = null,
) {
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw, 'latin1');
  const record = sampleEvent(1, { raw: bytes, rawLength: bytes.length, attackType });
  return syslogLine(eventEntry(record, readFacts(record), format, ORIGIN), SENDER);
}

/** RFC 5424, 6: header, structured data as its grammar has it, message. */
const MESSAGE =
  /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|\[[^\s="\]]+(?: [^\s="\]]{1,32}="(?:\\["\\\]]|[^"\\\]])*")*\]) (.*)$/;

describe('messages of RFC 5424', () => {
  it('names the event in header, structured data and text', () => {
    expect(lineOf(sipText('REGISTER'), 'text', 'sip_scan')).toBe(
      '<28>1 2026-01-01T00:00:00.000001Z pbx sentrypeer-agent 7 attack ' +
        '[sentrypeer@32473 event_uuid="00000000-0000-4000-8000-000000000001" ' +
        'source_ip="203.0.113.7" source_port="5060" destination_ip="192.0.2.1" ' +
        'destination_port="5060" transport="udp" method="REGISTER" ' +
        'user_agent="friendly-scanner" user="101" attack_type="sip_scan" score="0" proof="none" ' +
        'sensor="trap" outcome="none" ' +
        'answered_status="404"] REGISTER from 203.0.113.7:5060 udp proof=none ' +
        'ua="friendly-scanner" user=101 attack=sip_scan score=0 answered=404',
    );
    expect(lineOf(sipText('REGISTER'))).toMatch(/^<30>1 \S+ pbx sentrypeer-agent 7 event \[/);
  });

  it('says the agent’s own words, alarms louder', () => {
    const line = (text: string) => syslogLine(agentEntry(text, START_US), SENDER);
    expect(line('started: udp')).toBe(
      '<29>1 2026-01-01T00:00:00.000000Z pbx sentrypeer-agent 7 agent - started: udp',
    );
    expect(line('ALERT: a storm')).toMatch(/^<25>1 /);
    expect(line('two\nlines…')).toMatch(/ - two\\u000alines\.\.\.$/);
  });

  it('has no name that could break the header', () => {
    const entry = agentEntry('x', START_US);
    const named = (hostname: string) => syslogLine(entry, { ...SENDER, hostname }).split(' ')[2];
    expect(named('a b\nc')).toBe('abc');
    expect(named(' ')).toBe('-');
    expect(named('h'.repeat(300))).toHaveLength(255);
  });

  it.each(['"] [forged@1 a="b', '\\"]', ']', 'x\r\n<0>1 - - - - - - forged', '\ufeffé\u001b[2J'])(
    'is not forged by a user agent %j',
    (agent) => {
      const line = lineOf(sipText('REGISTER').replace('friendly-scanner', agent));
      expect(line).toMatch(/^[\x20-\x7e]+$/);
      expect(MESSAGE.exec(line)?.[7]).toContain('user_agent="');
      expect(MESSAGE.exec(line)?.[8]).toMatch(/^REGISTER from 203\.0\.113\.7:5060 udp /);
    },
  );

  it('is one line of ASCII that receivers take, whatever the bytes and the format', () => {
    const formats = fc.constantFrom<RemoteFormat>('text', 'sentrypeer', 'ecs', 'ocsf', 'eve');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 9_000 }).map((each) => Buffer.from(each)),
      fc.string({ maxLength: 600 }).map((each) => Buffer.from(sipText('INVITE', each))),
    );
    fc.assert(
      fc.property(bytes, formats, (raw, format) => {
        const line = lineOf(raw, format);
        expect(line).toMatch(MESSAGE);
        expect(line).toMatch(/^[\x20-\x7e]+$/);
        expect(line.length).toBeLessThanOrEqual(LIMITS.remoteLineBytesMax);
        const text = MESSAGE.exec(line)?.[8] ?? '';
        if (text.startsWith('{')) JSON.parse(text);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves the bytes of a long message out of JSON, and keeps their number', () => {
    const raw = Buffer.from(sipText('INVITE', `X: ${'y'.repeat(20_000)}\r\n`));
    const text = MESSAGE.exec(lineOf(raw, 'sentrypeer'))?.[8] ?? '';
    expect(JSON.parse(text)).toMatchObject({
      sip_message: '',
      sip_method: 'INVITE',
      raw_length: raw.length,
    });
  });

  it('counts its octets in the frame', () => {
    expect(frame('<1>1 x').toString()).toBe('6 <1>1 x');
  });
});

it('speaks to the journal as systemd-cat does', () => {
  expect(journalGreeting('local0').toString()).toBe('sentrypeer-agent\n\n133\n1\n0\n0\n0\n');
  const line = journalLine(agentEntry('a\nb', START_US)).toString();
  expect(line).toBe('<5>a\\u000ab\n');
});
