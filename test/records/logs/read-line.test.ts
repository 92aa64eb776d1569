import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogReport } from '../../../src/core/model/log-report.js';
import { createLogReader } from '../../../src/records/logs/read-line.js';
import { builtInGrammars } from './grammars.js';

const GRAMMARS = builtInGrammars();
const NOW_US = Date.UTC(2026, 11, 1, 12) * 1_000;

function readAll(lines: readonly string[], zone = 'UTC', nowUs = NOW_US): readonly LogReport[] {
  const reader = createLogReader(GRAMMARS, zone);
  const reports = lines.map((line) => reader.read(line, nowUs));
  return [...reports, reader.end(nowUs)].filter((report) => report !== null);
}

const security = (callId: string, account = '10'): string =>
  '[2026-12-01 00:32:31.233] SECURITY[1] res_security_log.c: SecurityEvent="InvalidAccountID",' +
  'EventTV="2026-12-01T00:32:31.233+0000",Severity="Error",Service="PJSIP",EventVersion="1",' +
  `AccountID="${account}",SessionID="${callId}",LocalAddress="IPV4/UDP/198.51.100.5/5060",` +
  'RemoteAddress="IPV4/UDP/203.0.113.15/51671"';

const VICTIM = '192.0.2.66';
const FORGED = [
  `",LocalAddress="IPV4/UDP/198.51.100.5/5060",RemoteAddress="IPV4/UDP/${VICTIM}/5060"`,
  `' failed for '${VICTIM}:5060' (callid: 1) - Failed to authenticate`,
  `] from ip ${VICTIM}`,
  ` (IP:${VICTIM}:5060)`,
  `} <script>: ALERT: pike blocking REGISTER from sip:1@a (IP:${VICTIM}:5060)`,
  `} pike [p.c:1]: f(): PIKE - BLOCKing ip ${VICTIM}, node=0x1`,
  `[2026-12-01 00:32:31] NOTICE[1] manager.c: ${VICTIM} failed to authenticate as 'a'`,
];

describe('a log', () => {
  it('never names somebody whom only the text of a stranger names', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom(...FORGED), fc.string({ unit: 'grapheme', maxLength: 12 })), {
        maxLength: 6,
      })
      .map((parts) => parts.join('').replace(/[\r\n]/g, ' '));
    // The texts of others, between what each PBX writes itself.
    const lines: ((a: string, b: string) => string)[] = [
      (a, b) => security(a, b.slice(0, 36)),
      (a, b) =>
        `[2026-12-01 00:32:01] NOTICE[1] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '${a}' failed for '203.0.113.15:5060' (callid: ${b}) - Failed to authenticate`,
      (a, b) =>
        `[2026-12-01 00:32:01] NOTICE[1] chan_sip.c: Call from '${a}' (203.0.113.15:5060) to extension '${b}' rejected because extension not found in context 'default'.`,
      (a) =>
        `[2026-12-01 00:32:01] NOTICE[1] chan_sip.c: Registration from '${a}' failed for '203.0.113.15:5060' - Wrong password`,
      (a, b) =>
        `2026-10-31 17:39:54.767815 [WARNING] sofia_reg.c:1478 SIP auth failure (INVITE) on sofia profile 'internal' for [${a}@${b}] from ip 203.0.113.15`,
      (a, b) =>
        `Dec  1 10:11:12 sbc kamailio[1]: ALERT: {1 1 INVITE ${a}} <script>: ALERT: pike blocking INVITE from ${b} (IP:203.0.113.15:5060)`,
      (a, b) =>
        `Dec  1 10:11:12 sbc kamailio[1]: NOTICE: {1 1 INVITE ${a}} <script>: agent of 203.0.113.15: ${b}`,
      (a, b) =>
        `Dec  1 10:11:12 sbc opensips[1]: Auth error for ${a}@${b} from 203.0.113.15 cause -2`,
    ];
    const any = fc.record({ line: fc.constantFrom(...lines), a: text, b: text });
    fc.assert(
      fc.property(any, ({ line, a, b }) => {
        for (const { source } of readAll([line(a, b)])) expect(source.address).not.toBe(VICTIM);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['many places where an address could be', security(FORGED[0]?.repeat(700) ?? '')],
    [
      'many beginnings of one',
      security('",LocalAddress="IPV4/UDP/1/1",RemoteAddress="'.repeat(1_300)),
    ],
    [
      'many ends of free text',
      `Dec  1 10:11:12 s kamailio[1]: A: {${'} <script>: '.repeat(5_000)}x`,
    ],
    ['one long word', `[2026-12-01 00:32:01] NOTICE[1] ${'a'.repeat(60_000)}`],
    ['pairs without an end', security(`a",${'A="b",'.repeat(9_000)}`)],
    [
      'names without an end',
      `[2026-12-01 00:32:01] NOTICE[1] x.c: Request from '${"' failed for '1' ".repeat(3_000)}`,
    ],
  ])('is read in a time that grows with the line alone: %s', (_, line) => {
    const once = timeOf(line.slice(0, Math.floor(line.length / 4)));
    const whole = timeOf(line);
    // Four times the length; sixteen times the time would be the square of it.
    expect(whole).toBeLessThan(Math.max(once, 0.5) * 10);
  });

  it('reads whatever comes without a fault', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 }), (lines) => {
        readAll(lines);
      }),
      { numRuns: 500 },
    );
  });

  it('joins lines without a head to the one before, up to a bound', () => {
    const torn = security('x', '1\n2').split('\n');
    expect(readAll(torn).map(({ source }) => source.address)).toEqual(['203.0.113.15']);
    const [begin = '', end = ''] = torn;
    expect(readAll([begin, ...Array<string>(20).fill('x'), end])).toEqual([]);
  });

  it('does not take lines of other programs for the rest of one', () => {
    const kamailio =
      'Dec  1 10:11:12 sbc kamailio[871]: WARNING: pike [pike_funcs.c:151]: pike_check_req(): PIKE - BLOCKing ip 203.0.113.10, node=0x1';
    const others = ['Dec  1 10:11:12 sbc sshd[1]: hello', '2026-12-01T10:11:12Z sbc cron: hello'];
    const reader = createLogReader(
      GRAMMARS.filter(({ kind }) => kind === 'kamailio'),
      'UTC',
    );
    const reports = [kamailio, ...others, kamailio].map((line) => reader.read(line, NOW_US));
    expect(reports.map((report) => report?.source.address)).toEqual([
      undefined,
      '203.0.113.10',
      undefined,
      undefined,
    ]);
  });

  it('tells once what two lines of one log tell, and each of several failures', () => {
    const notice =
      "[2026-12-01 00:32:31.233] NOTICE[1] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:10@a>' failed for '203.0.113.15:51671' (callid: c1) - No matching endpoint found";
    const lines = [
      notice,
      security('c1'),
      notice,
      security('c1'),
      security('c1'),
      notice,
      security('c2'),
    ];
    expect(readAll(lines).map(({ grammar, callId }) => `${grammar} ${callId ?? ''}`)).toEqual([
      'asterisk-messages/pjsip-no-endpoint c1',
      'asterisk-messages/pjsip-no-endpoint c1',
      'asterisk-security/invalid-account c1',
      'asterisk-security/invalid-account c2',
    ]);
    const minuteLater = security('c1').replaceAll('00:32:31', '00:33:31');
    expect(readAll([notice, minuteLater])).toHaveLength(2);
  });

  it('says what the last record is only at its end', () => {
    const reader = createLogReader(GRAMMARS, 'UTC');
    expect(reader.read(security('a'), NOW_US)).toBeNull();
    expect(reader.read(security('b'), NOW_US)?.callId).toBe('a');
    expect(reader.end(NOW_US)?.callId).toBe('b');
    expect(reader.end(NOW_US)).toBeNull();
  });
});

function timeOf(line: string): number {
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    readAll([line]);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

describe('the time of a line', () => {
  const kamailio = (time: string): string =>
    `${time} sbc kamailio[871]: WARNING: pike [pike_funcs.c:151]: pike_check_req(): PIKE - BLOCKing ip 203.0.113.10, node=0x1`;
  const at = (time: string, zone: string, now: string): string | undefined => {
    const [report] = readAll([kamailio(time)], zone, Date.parse(now) * 1_000);
    return report === undefined ? undefined : new Date(report.atUs / 1_000).toISOString();
  };

  it.each([
    ['Dec  1 10:11:12', 'UTC', '2026-12-01T10:11:13Z', '2026-12-01T10:11:12.000Z'],
    ['Dec  1 10:11:12', 'Europe/Berlin', '2026-12-01T09:11:13Z', '2026-12-01T09:11:12.000Z'],
    ['Jul  1 10:11:12', 'Europe/Berlin', '2026-12-01T09:11:13Z', '2026-07-01T08:11:12.000Z'],
    // The last day of a year, read on the first of the next one; and a clock that is ahead.
    ['Dec 31 23:59:59', 'UTC', '2027-01-01T00:00:01Z', '2026-12-31T23:59:59.000Z'],
    ['Jan  1 00:00:01', 'UTC', '2026-12-31T23:59:59Z', '2027-01-01T00:00:01.000Z'],
    ['Feb 29 12:00:00', 'UTC', '2026-12-01T00:00:00Z', '2024-02-29T12:00:00.000Z'],
    // The hour that a clock shows twice, and the one that it leaves out.
    ['Oct 25 02:30:00', 'Europe/Berlin', '2026-10-25T01:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['Mar 29 02:30:00', 'Europe/Berlin', '2026-03-29T02:00:00Z', '2026-03-29T01:30:00.000Z'],
    [
      '2026-12-01T10:11:12.5+01:00',
      'America/New_York',
      '2026-12-01T10:00:00Z',
      '2026-12-01T09:11:12.500Z',
    ],
    [
      '2026-12-01T10:11:12Z',
      'America/New_York',
      '2026-12-01T10:12:00Z',
      '2026-12-01T10:11:12.000Z',
    ],
    // No such day: it is when it was read.
    ['Feb 31 12:00:00', 'UTC', '2026-12-01T00:00:00Z', '2026-12-01T00:00:00.000Z'],
  ])('%s in %s, read at %s, is %s', (time, zone, now, expected) => {
    expect(at(time, zone, now)).toBe(expected);
  });

  it('goes on through the hour that a clock shows twice', () => {
    const lines = ['02:59:58', '02:00:01', '03:00:01'].map((time) => kamailio(`Oct 25 ${time}`));
    const now = Date.parse('2026-10-25T03:00:00Z') * 1_000;
    const times = readAll(lines, 'Europe/Berlin', now).map(({ atUs }) =>
      new Date(atUs / 1_000).toISOString().slice(11, 19),
    );
    expect(times).toEqual(['00:59:58', '01:00:01', '02:00:01']);
  });
});
