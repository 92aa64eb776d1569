import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database/sqlite.js';
import { openReader } from '../../src/store/read/reader.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleBlock,
  sampleEvent,
  sampleEvents,
  sampleSighting,
  sipText,
  START_US,
  type OpenedStore,
} from './samples.js';

let opened: OpenedStore;

beforeEach(async () => {
  opened = await openSampleStore();
});

const reading = async () => closeAfterTest(await openReader(opened.databaseFile));

describe('the store', () => {
  it('begins to count at one, and after a restart where it was', async () => {
    expect([opened.store.nextEventId, opened.store.nextBlockId]).toEqual([1, 1]);
    opened.store.write(batchOf({ events: sampleEvents(1, 7), blocks: [sampleBlock(3)] }));
    await opened.store.close();
    const { databaseFile } = opened;
    const again = await openSampleStore({ databaseFile });
    expect([again.store.nextEventId, again.store.nextBlockId]).toEqual([8, 4]);
  });

  it('commits what was written without being asked, soon after it came', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 1) }));
    expect(opened.store.stats()).toMatchObject({ queued: 1, committed: 0 });
    await expect.poll(() => opened.store.stats().committed, { interval: 5 }).toBe(1);
    expect(opened.store.stats()).toMatchObject({ queued: 0, failed: 0, jsonLines: 1 });
  });

  it('stores every event of a batch that no statement size divides', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 2_345) }));
    await opened.store.flush();
    const reader = await reading();
    expect(await reader.countEvents()).toBe(2_345);
    const log = await readFile(opened.jsonLogFile, 'utf8');
    expect(log.trimEnd().split('\n')).toHaveLength(2_345);
  });

  it('stores what the bytes of an event say', async () => {
    const raw = Buffer.from(sipText('INVITE'));
    const event = sampleEvent(1, {
      raw,
      transport: 'tcp',
      proof: 'tcp',
      sensor: 'hep',
      outcome: 'failed',
      source: { address: '2001:db8::7', port: 4000 },
      attackType: 'toll_fraud',
      score: 33.5,
      answeredStatus: null,
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', sni: 'pbx.example.org' },
    });
    opened.store.write(batchOf({ events: [event] }));
    await opened.store.flush();
    const reader = await reading();
    const { receivedAtUs, uuid, transport, proof, source, local, attackType, score } = event;
    const { answeredStatus, rawLength, tls, sensor, outcome } = event;
    expect(await reader.listEvents({ limit: 1, withRaw: true })).toEqual([
      {
        id: 1,
        ...{ receivedAtUs, uuid, transport, proof, source, local, attackType, score },
        ...{ answeredStatus, rawLength, raw, tls, sensor, outcome },
        kind: 'request',
        method: 'INVITE',
        requestUri: 'sip:442079460000@192.0.2.1',
        statusCode: null,
        calledNumber: '442079460000',
        fromUser: '100',
        toUser: '101',
        authUser: null,
        userAgent: 'friendly-scanner',
        callId: 'call-1',
        anomalies: [],
      },
    ]);
  });

  it('hashes the bytes kept of a message that was cut', async () => {
    const raw = Buffer.from('abc');
    const events = [sampleEvent(1, { raw, rawLength: 9 }), sampleEvent(2, { raw })];
    opened.store.write(batchOf({ events }));
    await opened.store.flush();
    const database = closeAfterTest(await openDatabase(opened.databaseFile, 'read'));
    const rows = await database.all('SELECT raw_length, raw_sha256 FROM events ORDER BY id');
    expect(rows).toEqual([
      {
        raw_length: 9,
        // FIPS 180-2, appendix B.1.
        raw_sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      },
      { raw_length: 3, raw_sha256: null },
    ]);
  });

  it('keeps a block, its change and its end', async () => {
    const block = sampleBlock(1);
    opened.store.write(batchOf({ blocks: [block] }));
    const longer = { ...block, expiresAtUs: START_US + 9_000_000_000, scope: 'all' as const };
    opened.store.write(batchOf({ blocks: [longer] }));
    await opened.store.flush();
    const reader = await reading();
    expect(await reader.pastBlocks(block.target)).toEqual([
      { ...longer, endedAtUs: null, endHow: null, packetsDropped: 0 },
    ]);
    const end = { id: 1, endedAtUs: START_US + 5, how: 'removed' as const };
    opened.store.write(batchOf({ endedBlocks: [end] }));
    await opened.store.flush();
    expect(await reader.pastBlocks(block.target)).toEqual([
      { ...longer, endedAtUs: START_US + 5, endHow: 'removed', packetsDropped: 0 },
    ]);
    expect(await reader.activeBlocks(START_US)).toEqual([]);
  });

  it('loses no block of a batch whose events are refused, and says so', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 1) }));
    await opened.store.flush();
    opened.store.write(batchOf({ events: sampleEvents(1, 2), blocks: [sampleBlock(1)] }));
    opened.store.write(batchOf({ sightings: [sampleSighting()] }));
    await opened.store.flush();
    expect(opened.store.stats()).toMatchObject({
      committed: 1,
      failed: 2,
      decisionsCommitted: 2,
      decisionsLost: 0,
    });
    expect(opened.notices).toEqual([expect.stringContaining('refused a batch')]);
  });

  it('counts what is written after it was closed as lost', async () => {
    await opened.store.close();
    opened.store.write(batchOf({ events: sampleEvents(1, 2) }));
    await opened.store.close();
    expect(opened.store.stats()).toMatchObject({ queued: 0, failed: 2 });
  });
});

describe('the files of the store', () => {
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

  it('are for their owner alone, the log for its group too', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 1) }));
    await opened.store.flush();
    const { databaseFile, jsonLogFile } = opened;
    expect(await modeOf(databaseFile)).toBe('600');
    expect(await modeOf(`${databaseFile}-wal`)).toBe('600');
    expect(await modeOf(`${databaseFile}-shm`)).toBe('600');
    expect(await modeOf(dirname(databaseFile))).toBe('700');
    expect(await modeOf(jsonLogFile)).toBe('640');
  });

  it('leave no write-ahead log behind a clean end', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 1) }));
    await opened.store.close();
    await expect(stat(`${opened.databaseFile}-wal`)).rejects.toThrow('ENOENT');
  });

  it('are written anew after the log was rotated away', async () => {
    const { store, jsonLogFile } = opened;
    store.write(batchOf({ events: sampleEvents(1, 1) }));
    await store.flush();
    await rename(jsonLogFile, `${jsonLogFile}.1`);
    await store.reopenLog();
    store.write(batchOf({ events: sampleEvents(2, 1) }));
    await store.flush();
    const ids = async (file: string) =>
      (await readFile(file, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event_id: number }).event_id);
    expect(await ids(`${jsonLogFile}.1`)).toEqual([1]);
    expect(await ids(jsonLogFile)).toEqual([2]);
  });

  it('include a log for people when one is named', async () => {
    const logFile = join(dirname(opened.jsonLogFile), 'people.log');
    const { store } = await openSampleStore({ logFile, jsonLogFile: null });
    store.write(batchOf({ events: sampleEvents(1, 1) }));
    await store.flush();
    expect(await readFile(logFile, 'utf8')).toBe(
      '2026-01-01T00:00:00.000001Z REGISTER from 203.0.113.7:5060 udp proof=none' +
        ' ua="friendly-scanner" user=101 score=0 answered=404\n',
    );
  });

  it('cannot be opened below what is no folder', async () => {
    const blocker = join(dirname(opened.databaseFile), 'file');
    await writeFile(blocker, '');
    await expect(
      openSampleStore({ databaseFile: join(blocker, 'sentrypeer.db') }),
    ).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    await expect(
      openSampleStore({ jsonLogFile: join(blocker, 'sentrypeer.json') }),
    ).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
  });
});

describe('a database that takes nothing', () => {
  it('holds back what comes, says so once, and writes it when it can', async () => {
    const { store, databaseFile, notices } = opened;
    const other = closeAfterTest(await openDatabase(databaseFile, 'write'));
    await other.exec('BEGIN IMMEDIATE');
    store.write(batchOf({ events: sampleEvents(1, 3), blocks: [sampleBlock(1)] }));
    await expect(store.flush()).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    expect(store.stats()).toMatchObject({ queued: 3, jsonLines: 3 });
    expect(store.stats().lastError).toContain('SQLITE_BUSY');
    expect(notices).toEqual([expect.stringContaining('cannot write')]);
    await other.exec('ROLLBACK');
    await store.flush();
    expect(store.stats()).toMatchObject({ queued: 0, committed: 3, failed: 0, lastError: null });
    expect(notices).toEqual([
      expect.stringContaining('cannot write'),
      expect.stringContaining('is written again'),
    ]);
  });

  it('gives up at the end and counts what is lost', async () => {
    const { store, databaseFile } = opened;
    const other = closeAfterTest(await openDatabase(databaseFile, 'write'));
    await other.exec('BEGIN IMMEDIATE');
    store.write(batchOf({ events: sampleEvents(1, 3) }));
    await store.close();
    expect(store.stats()).toMatchObject({ queued: 0, failed: 3 });
    expect(opened.notices.join()).toContain('not all was stored');
  });
});
