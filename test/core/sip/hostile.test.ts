import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SipMessage } from '../../../src/core/model/sip-message.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { readFixture } from './fixture.js';

/** Asks for everything, so that every lazy reader has run. */
function readAll(message: SipMessage): unknown {
  const names = message.headerNames();
  return [
    message.kind,
    message.method,
    message.requestUri,
    message.statusCode,
    message.anomalies,
    message.bodyOffset,
    message.callId,
    message.cseqNumber,
    message.cseqMethod,
    message.viaBranch,
    message.userAgent,
    message.fromUser,
    message.fromHost,
    message.fromTag,
    message.toUser,
    message.toHost,
    message.toTag,
    message.requestUser,
    message.contact,
    message.contentType,
    message.authorization,
    names.slice(0, 20).map((name) => [message.header(name), message.headers(name)]),
  ];
}

describe('hostile bytes', () => {
  const check = (bytes: Buffer): void => {
    const parsed = parseMessage(bytes);
    const read = readAll(parsed);
    expect(readAll(parsed)).toEqual(read);
    expect(parsed.bodyOffset).toBeLessThanOrEqual(bytes.length);
    expect(new Set(parsed.anomalies).size).toBe(parsed.anomalies.length);
    if (parsed.kind === 'other') expect(parsed.anomalies).toHaveLength(1);
  };

  it('never make it throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        check(Buffer.from(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never make it throw when a message is mutated', () => {
    const seeds = ['folded-compact', 'line-feeds', 'binary-body', 'digest', 'response'].map(
      readFixture,
    );
    const special = fc.constantFrom(...Array.from('\r\n \t:;,"<>@[]?=\\\0\x80/'));
    const edit = fc.tuple(fc.nat(), fc.nat(8), fc.array(special, { maxLength: 6 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        (seed, edits) => {
          let text = seed.toString('latin1');
          for (const [where, cut, insert] of edits) {
            const at = where % (text.length + 1);
            text = text.slice(0, at) + insert.join('') + text.slice(at + cut);
          }
          check(Buffer.from(text, 'latin1'));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  const head = 'INVITE sip:2@example.org SIP/2.0\r\n';
  it.each([
    ['header lines', 'a:\n', head],
    ['folds', '\r\n ', `${head}From: x`],
    ['commas', ',', `${head}Contact: `],
    ['semicolons', ';', `${head}From: <sip:a@b>`],
    ['parameters', ';a=b', `${head}Via: SIP/2.0/UDP a`],
    ['quotes', '"', `${head}To: `],
    ['blanks', ' ', `${head}Via: SIP/2.0/UDP a`],
    ['signs', '@', `${head}From: sip:`],
    ['digits', '9', `${head}CSeq: `],
    ['words', 'a ', ''],
    ['line ends', '\r\n', ''],
    ['opening brackets', '<', `${head}Contact: `],
  ] as const)('cost no more than linear time: 64 KiB of %s', (_, unit, before) => {
    const repeats = Math.floor((65_000 - before.length) / unit.length);
    const bytes = Buffer.from(`${before}${unit.repeat(repeats)}x\r\n\r\n`, 'latin1');
    const startedMs = performance.now();
    check(bytes);
    // One pass takes about a millisecond; anything quadratic takes many seconds.
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});
