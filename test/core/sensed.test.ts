import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/core/detect/detect.js';
import type { Effect } from '../../src/core/flow.js';
import type { LogReport } from '../../src/core/model/log-report.js';
import type { Outcome } from '../../src/core/model/sensor.js';
import { messageOfReport } from '../../src/core/pbx/report-message.js';
import { parseMessage } from '../../src/core/sip/parse.js';
import { step, type AgentState } from '../../src/core/step.js';
import { createReplayState } from '../../src/replay/create-state.js';
import { DEFAULT_POLICY } from '../default-policy.js';
import { builtInRules } from './detect/replay.js';
import { makeSettings } from './trap/message.js';

const SECOND_US = 1_000_000;
const START_US = 1_800_000_000_000_000;
const RULES = compileRules(builtInRules);

function createState(): AgentState {
  const answers = makeSettings({ realm: 'pbx.example' });
  const settings = { policy: DEFAULT_POLICY, scoreHalfLifeS: 3_600, answers, seed: 1 };
  const state = createReplayState({ settings, protect: [], sipPorts: [5060] }, []);
  return { ...state, rules: RULES };
}

const reportOf = (change: Partial<LogReport> = {}): LogReport => ({
  atUs: START_US,
  source: { address: '203.0.113.7', port: 5071 },
  transport: 'udp',
  outcome: 'failed',
  proof: 'nonce',
  method: null,
  account: '100',
  called: null,
  userAgent: null,
  callId: 'c1',
  line: 'a line',
  grammar: 'test/line',
  ...change,
});

/** Reports a second apart; the effects of all. */
function play(state: AgentState, reports: readonly LogReport[], everyUs = SECOND_US) {
  return reports.flatMap((report, n) =>
    step(state, { kind: 'report', report }, START_US + n * everyUs),
  );
}

const kinds = (effects: readonly Effect[]): readonly string[] => effects.map(({ kind }) => kind);
const blocked = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) => (effect.kind === 'block' ? [effect.block.target] : []));
const accounts = (count: number, change: Partial<LogReport> = {}): readonly LogReport[] =>
  Array.from({ length: count }, (_, n) => reportOf({ account: `9${n}`, ...change }));

describe('what a PBX says of its sources', () => {
  it('blocks who is refused for one account after another, by proof wholly', () => {
    const effects = play(createState(), accounts(8));
    expect(blocked(effects)).toEqual(['203.0.113.7/32']);
    const found = effects.find((effect) => effect.kind === 'block');
    expect(found?.kind === 'block' && found.block.scope).toBe('all');
  });

  it('closes the SIP ports alone to an address that nothing proves', () => {
    const unknown = accounts(8, { outcome: 'unknown_account', proof: 'none' });
    const found = play(createState(), unknown).find((effect) => effect.kind === 'block');
    expect(found?.kind === 'block' && found.block.scope).toBe('sip');
  });

  it('spares twenty phones behind one address, three of them with an old password', () => {
    const state = createState();
    const office = Array.from({ length: 600 }, (_, n) => {
      const phone = n % 20;
      const outcome: Outcome = phone < 3 ? 'failed' : 'succeeded';
      return reportOf({ account: `1${phone}`, callId: `phone ${phone}`, outcome });
    });
    expect(blocked(play(state, office, SECOND_US))).toEqual([]);
  });

  it('is not fooled by one stolen account that logs in between the guesses', () => {
    const mixed = accounts(40).flatMap((guess) => [
      guess,
      reportOf({ account: 'stolen', outcome: 'succeeded' }),
    ]);
    expect(blocked(play(createState(), mixed))).toEqual(['203.0.113.7/32']);
  });

  it('lets nobody close the ports of an office in its name', () => {
    const state = createState();
    const login = reportOf({ account: '100', outcome: 'succeeded' });
    const forged = [...accounts(30, { outcome: 'unknown_account' }), ...accounts(30)].map(
      (report) => ({ ...report, proof: 'none' as const }),
    );
    const same = Array.from({ length: 30 }, () => reportOf({ proof: 'none' }));
    expect(blocked(play(state, [login, ...forged, ...same], 100_000))).toEqual([]);
    // Where nobody logs in, it is closed to SIP alone.
    expect(blocked(play(createState(), forged, 100_000))).toEqual(['203.0.113.7/32']);
  });

  it('keeps nothing of those who are welcome, and no response that works', () => {
    const state = createState();
    const welcome = [reportOf({ outcome: 'succeeded' }), reportOf({ outcome: 'answered' })];
    expect(kinds(play(state, welcome))).toEqual(['welcome', 'welcome']);
    expect(kinds(play(state, [reportOf({ outcome: 'failed' })]))).toContain('event');
  });

  it('never lets a score of the trap and one of the PBX stand apart', () => {
    const state = createState();
    const raw = [
      'OPTIONS sip:100@192.0.2.1 SIP/2.0',
      'Via: SIP/2.0/TCP 203.0.113.7:5071;branch=z9hG4bK1',
      'From: <sip:100@192.0.2.1>;tag=1',
      'To: <sip:100@192.0.2.1>',
      'Call-ID: x',
      'CSeq: 1 OPTIONS',
      '',
      '',
    ].join('\r\n');
    const packet = {
      receivedAtUs: START_US,
      transport: 'tcp',
      source: { address: '203.0.113.7', port: 5071 },
      local: { address: '192.0.2.1', port: 5062 },
      bytes: Buffer.from(raw),
    } as const;
    const [trap] = step(state, { kind: 'packet', packet }, START_US).filter(
      ({ kind }) => kind === 'event',
    );
    const [pbx] = play(state, [reportOf()]).filter(({ kind }) => kind === 'event');
    const scoreOf = (effect: Effect | undefined) =>
      effect?.kind === 'event' ? effect.record.score : -1;
    expect(scoreOf(trap)).toBe(10);
    expect(scoreOf(pbx)).toBe(10);
  });
});

describe('a line of a log as a message', () => {
  it('names account, number and User-Agent as the line has them, whatever they hold', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('100\r\nVia: x', 'a@b', ';', '<>'),
    );
    fc.assert(
      fc.property(text, text, text, (account, userAgent, line) => {
        const bytes = messageOfReport(reportOf({ account, userAgent, line, method: 'INVITE' }));
        const message = parseMessage(bytes);
        expect(message.method).toBe('INVITE');
        expect(message.headerNames()).toEqual([
          ...['from', 'to', 'call-id', 'user-agent', 'log-grammar', 'log-line'],
        ]);
        const plain = account.length > 0 && /^[a-z0-9]+$/i.test(account);
        if (plain) expect(message.fromUser).toBe(account);
      }),
    );
  });
});
