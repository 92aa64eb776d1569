import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Block } from '../../src/core/model/block.js';
import type { EventRecord } from '../../src/core/model/event.js';
import type { Sighting } from '../../src/core/model/sighting.js';
import { openStore } from '../../src/store/open.js';
import type { PruneOptions, Store, StoreBatch, StoreOptions } from '../../src/store/types.js';

/** 2026-01-01T00:00:00Z. */
export const START_US = 1_767_225_600_000_000;

export function sipText(method: string, extra = ''): string {
  return [
    `${method} sip:442079460000@192.0.2.1 SIP/2.0`,
    'Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-1',
    'From: "100" <sip:100@192.0.2.1>;tag=1',
    'To: "101" <sip:101@192.0.2.1>',
    'Call-ID: call-1',
    `CSeq: 1 ${method}`,
    'User-Agent: friendly-scanner',
    `${extra}Content-Length: 0`,
    '',
    '',
  ].join('\r\n');
}

export function sampleEvent(id: number, change: Partial<EventRecord> = {}): EventRecord {
  const raw = change.raw ?? Buffer.from(sipText('REGISTER'));
  return {
    id,
    uuid: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    receivedAtUs: START_US + id,
    transport: 'udp',
    source: { address: '203.0.113.7', port: 5060 },
    local: { address: '192.0.2.1', port: 5060 },
    proof: 'none',
    sensor: 'trap',
    outcome: 'none',
    attackType: null,
    score: 0,
    answeredStatus: 404,
    raw,
    rawLength: raw.length,
    ordinary: false,
    noted: [],
    tls: null,
    ...change,
  };
}

export function sampleEvents(firstId: number, count: number): EventRecord[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(firstId + index));
}

export function sampleSighting(change: Partial<Sighting> = {}): Sighting {
  return {
    atUs: START_US,
    source: '203.0.113.7',
    rule: 'extension-enumeration',
    ruleVersion: 1,
    attackType: 'extension_enumeration',
    points: 60,
    pointsProven: 0,
    reason: '12 user names in 3 s',
    eventIds: [1, 2, 3],
    ...change,
  };
}

export function sampleBlock(id: number, change: Partial<Block> = {}): Block {
  return {
    id,
    target: '203.0.113.7/32',
    scope: 'sip',
    origin: 'detector',
    proof: 'none',
    rule: 'extension-enumeration',
    attackType: 'extension_enumeration',
    reason: '12 user names in 3 s',
    createdAtUs: START_US,
    expiresAtUs: START_US + 600_000_000,
    simulated: false,
    forced: false,
    ...change,
  };
}

export function batchOf(parts: Partial<StoreBatch>): StoreBatch {
  return {
    events: [],
    sightings: [],
    blocks: [],
    calls: [],
    endedBlocks: [],
    jobRuns: [],
    ...parts,
  };
}

/** Nothing is pruned but what the change says. */
export const pruning = (change: Partial<PruneOptions> = {}): PruneOptions => ({
  beforeUs: { events: null, raw: null, sightings: null, blocks: null, numbers: null },
  rowsMax: { events: 0, sightings: 0, blocks: 0 },
  databaseBytesMax: null,
  ...change,
});

/** All that is older than a moment is pruned. */
export const allBefore = (us: number): PruneOptions =>
  pruning({ beforeUs: { events: us, raw: us, sightings: us, blocks: us, numbers: us } });

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A folder that is gone after the test. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sentrypeer-store-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface OpenedStore {
  readonly store: Store;
  readonly databaseFile: string;
  readonly jsonLogFile: string;
  readonly notices: string[];
}

/** A store in this thread, closed after the test. */
export async function openSampleStore(change: Partial<StoreOptions> = {}): Promise<OpenedStore> {
  const folder = await makeFolder();
  const databaseFile = change.databaseFile ?? join(folder, 'state', 'sentrypeer.db');
  const jsonLogFile = join(folder, 'log', 'sentrypeer.json');
  const notices: string[] = [];
  const store = await openStore({
    jsonLogFile,
    inWorker: false,
    onNotice: (text) => notices.push(text),
    ...change,
    databaseFile,
  });
  cleanUps.push(() => store.close());
  return { store, databaseFile, jsonLogFile, notices };
}

/** Registers what must be closed after the test, before the folders go. */
export function closeAfterTest<Closable extends { close(): Promise<void> }>(
  opened: Closable,
): Closable {
  cleanUps.push(() => opened.close());
  return opened;
}
