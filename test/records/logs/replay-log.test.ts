import { describe, expect, it } from 'vitest';
import { createInputDecoder, decodeChunk, endInput } from '../../../src/records/decode-input.js';
import { createInputReport, type Recorded } from '../../../src/records/recorded.js';
import { builtInGrammars } from './grammars.js';

const GRAMMARS = builtInGrammars();
const ami = (last: number): string =>
  `[2026-05-06 07:08:09] NOTICE[1] manager.c: 203.0.113.${last} failed to authenticate as 'a'\n`;

function read(text: string, pieceBytes: number) {
  const report = createInputReport('messages');
  const pbxLogs = { grammars: GRAMMARS, nowUs: Date.UTC(2026, 11, 1) * 1_000 };
  const decoder = createInputDecoder(report, {
    ports: new Set(),
    local: [],
    timeZone: 'UTC',
    pbxLogs,
  });
  const found: Recorded[] = [];
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    found.push(...decodeChunk(decoder, bytes.subarray(at, at + pieceBytes)));
  }
  found.push(...endInput(decoder));
  const named = found.map((each) => ('report' in each ? each.report.source.address : 'a packet'));
  return { report, named };
}

describe('a log of a PBX among the inputs of a replay', () => {
  it.each([1, 7, 100_000])('is read in pieces of %i bytes', (pieceBytes) => {
    const { report, named } = read(
      `${ami(1)}[2026-05-06 07:08:09] NOTICE[1] a.c: of no interest\n${ami(2)}${ami(3).trim()}`,
      pieceBytes,
    );
    expect(named).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.3']);
    expect(report).toMatchObject({ format: 'pbx-log', records: 4, messages: 3, damage: null });
    expect([...report.leftOut]).toEqual([['other_lines', 1]]);
  });

  it('that says nothing is told', () => {
    expect(read('nothing\nof interest\n', 100).report.damage).toBe(
      'no line of it says what somebody did to a PBX',
    );
  });

  it('is none where it is of JSON', () => {
    expect(read('{"timestamp":1}\n', 100).report.format).toBe('json-log');
  });
});
