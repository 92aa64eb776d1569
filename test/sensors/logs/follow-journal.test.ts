import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followJournal } from '../../../src/sensors/logs/follow-journal.js';
import { readJournalLine } from '../../../src/sensors/logs/journal-line.js';

const record = (message: unknown, cursor = 's=1'): string =>
  JSON.stringify({
    __CURSOR: cursor,
    __REALTIME_TIMESTAMP: '1796120000123456',
    _HOSTNAME: 'sbc',
    SYSLOG_IDENTIFIER: 'kamailio',
    _PID: '871',
    MESSAGE: message,
  });

describe('a record of the journal', () => {
  it.each([
    ['ALERT: a', '2026-12-01T10:13:20.123456Z sbc kamailio[871]: ALERT: a'],
    ['a\nb', '2026-12-01T10:13:20.123456Z sbc kamailio[871]: a\nb'],
    [[97, 255, 98], '2026-12-01T10:13:20.123456Z sbc kamailio[871]: a\ufffdb'],
  ])('with %j is a line of syslog', (message, line) => {
    expect(readJournalLine(record(message))).toEqual({ cursor: 's=1', line });
  });

  it.each(['', 'x', '[]', '{}', record(null), record('a').replace('1796120000123456', 'soon')])(
    '%s is none',
    (text) => {
      expect(readJournalLine(text)).toBeNull();
    },
  );
});

describe('the journal', () => {
  let folder = '';
  let program = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sentrypeer-journal-'));
    program = join(folder, 'journalctl');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is followed from a cursor on, and its program ends with it', async () => {
    writeFileSync(join(folder, 'records'), `${record('a', 's=2')}\n${record('b', 's=3')}\n`);
    const script = `echo "$$ $*" > ${folder}/words; cat ${folder}/records; exec sleep 60`;
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    const lines: (string | null)[] = [];
    const follower = await new Promise<ReturnType<typeof followJournal>>((resolve) => {
      const made = followJournal({
        unit: 'kamailio.service',
        cursor: 's=1',
        program,
        line: (line) => {
          if (lines.push(line) === 2) resolve(made);
        },
      });
    });
    expect(lines.map((line) => line?.slice(-2))).toEqual([' a', ' b']);
    expect(follower.cursor()).toBe('s=3');
    const [pid = '', ...words] = readFileSync(join(folder, 'words'), 'utf8').trim().split(' ');
    expect(words).toContain('--unit=kamailio.service');
    expect(words).toContain('--after-cursor=s=1');
    await follower.close();
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  it('says that there is no journalctl', async () => {
    const follower = followJournal({ unit: 'a', cursor: null, program, line: () => undefined });
    while (follower.trouble() === null) await new Promise((resolve) => setImmediate(resolve));
    expect(follower.trouble()).toBe(`${program} is not installed`);
    await follower.close();
  });
});
