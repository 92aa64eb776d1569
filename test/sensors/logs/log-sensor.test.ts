import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogReport } from '../../../src/core/model/log-report.js';
import { parseGrammar } from '../../../src/records/logs/parse-grammar.js';
import { loadGrammars } from '../../../src/sensors/logs/grammar-files.js';
import { openLogSensor, type LogSensor } from '../../../src/sensors/logs/log-sensor.js';
import { builtInGrammars, GRAMMAR_FOLDER } from '../../records/logs/grammars.js';

const GRAMMARS = builtInGrammars();
let folder = '';
let path = '';
let reports: LogReport[] = [];
let times: string[] = [];
let said: string[] = [];
let sensor: LogSensor | null = null;

const open = async (kind = 'auto', journal: readonly { unit: string; kind: string }[] = []) => {
  reports = [];
  times = [];
  sensor = await openLogSensor({
    files: [{ path, kind }],
    journal,
    timeZone: 'UTC',
    grammars: GRAMMARS,
    positionsFile: join(folder, 'positions.json'),
    nowUs: () => Date.UTC(2026, 11, 1) * 1_000,
    take: (report, atUs) => {
      reports.push(report);
      times.push(new Date(atUs / 1_000).toISOString());
    },
    say: (text) => said.push(text),
  });
  await sensor.look();
  return sensor;
};
const close = async (): Promise<void> => {
  await sensor?.close();
  sensor = null;
};
const named = (): readonly string[] => reports.map(({ source }) => source.address);
const ami = (last: number): string =>
  `[2026-05-06 07:08:09] NOTICE[1] manager.c: 203.0.113.${last} failed to authenticate as 'a'\n`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sentrypeer-logs-'));
  path = join(folder, 'messages');
  said = [];
  writeFileSync(path, ami(1));
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the logs of a PBX', () => {
  it('give what is written from now on', async () => {
    const { look, counts } = await open();
    appendFileSync(path, `${ami(2)}\nnothing of interest\n${ami(3)}`);
    await look();
    expect(named()).toEqual(['203.0.113.2', '203.0.113.3']);
    expect(counts()).toEqual({
      taken: 2,
      other: 2,
      ambiguous: 0,
      unnamed: 0,
      twice: 0,
      tooLong: 0,
    });
  });

  it('go on where they were when the program ended', async () => {
    await open();
    appendFileSync(path, ami(2));
    await sensor?.look();
    await close();
    appendFileSync(path, ami(3));
    await open();
    expect(named()).toEqual(['203.0.113.3']);
    // What was written meanwhile must not become one burst; what is written now is now.
    appendFileSync(path, ami(4));
    await sensor?.look();
    expect(times).toEqual(['2026-05-06T07:08:09.000Z', '2026-12-01T00:00:00.000Z']);
  });

  it('are read from their end where the positions are damaged', async () => {
    writeFileSync(join(folder, 'positions.json'), '{"files":{"');
    await open();
    expect(named()).toEqual([]);
    await close();
    expect(readFileSync(join(folder, 'positions.json'), 'utf8')).toContain('"offset":');
  });

  it('are of the kind that is named alone', async () => {
    await open('kamailio');
    appendFileSync(path, ami(2));
    await sensor?.look();
    expect(named()).toEqual([]);
  });

  it('refuse a kind that is none', async () => {
    await expect(open('asterix')).rejects.toThrow(
      "there is no kind 'asterix' of logs; there are auto, asterisk, freeswitch, kamailio, opensips, sentrypeer-agent, sentrypeer",
    );
  });

  it('say once what cannot be read, and when it can be', async () => {
    rmSync(path);
    const { look, troubles } = await open();
    await look();
    expect(troubles()).toEqual([`${path}: it is not there`]);
    expect(said).toEqual([`sensor log: ${path}: it is not there`]);
    writeFileSync(path, ami(4));
    await look();
    expect(troubles()).toEqual([]);
    expect(said.at(-1)).toBe(`sensor log: ${path}: it is read again`);
    expect(named()).toEqual(['203.0.113.4']);
  });

  it('say once that positions cannot be kept', async () => {
    await open();
    rmSync(folder, { recursive: true });
    await close();
    expect(said.filter((text) => text.includes('is not kept'))).toHaveLength(1);
    expect(existsSync(folder)).toBe(false);
  });

  it('are read by other grammars from then on', async () => {
    const { look, setGrammars, counts } = await open();
    const mine = parseGrammar(
      `{grammar: m, kind: m, about: m, heads: ['{word}: '], lines: [{id: a, about: a, pattern: 'bad {source}', outcome: failed}], samples: [{line: 'x: bad 203.0.113.9', is: a, source: 203.0.113.9}]}`,
      'm.yaml',
    );
    appendFileSync(path, ami(2));
    await look();
    setGrammars([...GRAMMARS, mine]);
    appendFileSync(path, 'x: bad 203.0.113.9\n');
    await look();
    expect(named()).toEqual(['203.0.113.2', '203.0.113.9']);
    expect(counts().taken).toBe(2);
  });

  it('let others have their turn while 20,000 lines come at once', async () => {
    const { look } = await open();
    appendFileSync(path, ami(2).repeat(20_000));
    let turns = 0;
    let longestMs = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      turns += 1;
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 0);
    await look();
    clearInterval(timer);
    expect(reports).toHaveLength(20_000);
    // 1.7 MB in slices of 16 KiB, each with a turn behind it.
    expect(turns).toBeGreaterThan(20);
    expect(longestMs).toBeLessThan(250);
  });

  it('come from the journal, whose record is a line', async () => {
    const program = join(folder, 'journalctl');
    writeFileSync(program, '#!/bin/sh\necho no journal >&2\nexit 1\n');
    chmodSync(program, 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:${before ?? ''}`;
    try {
      await open('auto', [{ unit: 'kamailio.service', kind: 'kamailio' }]);
      while (sensor?.troubles().length === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        await sensor.look();
      }
      expect(sensor?.troubles()).toEqual(['journal kamailio.service: no journal']);
    } finally {
      process.env['PATH'] = before;
    }
  });
});

describe('grammars in folders', () => {
  it('take the place of those of the same name before them', async () => {
    const mine = readFileSync(join(GRAMMAR_FOLDER, 'opensips.yaml'), 'utf8');
    writeFileSync(join(folder, 'mine.yaml'), mine.replace('kind: opensips', 'kind: mine'));
    const found = await loadGrammars([GRAMMAR_FOLDER, folder, join(folder, 'absent')]);
    expect(found.map(({ name }) => name).sort()).toEqual(GRAMMARS.map(({ name }) => name).sort());
    expect(found.find(({ name }) => name === 'opensips')?.kind).toBe('mine');
  });

  it('are refused with the file that is wrong', async () => {
    writeFileSync(join(folder, 'mine.yaml'), 'grammar: [');
    await expect(loadGrammars([folder])).rejects.toMatchObject({ code: 'GRAMMAR_INVALID' });
  });
});
