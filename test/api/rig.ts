import type { FastifyInstance, InjectOptions } from 'fastify';
import { createBlockJournal } from '../../src/api/lists/block-journal.js';
import { createBouncerPlaces } from '../../src/api/lists/bouncer-places.js';
import {
  blocksCovering,
  createBlockTable,
  type BlockTable,
} from '../../src/core/block/block-table.js';
import type { AgentCalls } from '../../src/api/calls.js';
import { createEventStream } from '../../src/api/server/event-stream.js';
import type { AgentFacts, ApiServices } from '../../src/api/facts.js';
import { createLane } from '../../src/api/server/lane.js';
import { buildTcpServer, type TcpRules } from '../../src/api/server/tcp-door.js';
import { makeToken } from '../../src/api/server/tokens.js';
import type { BlockView } from '../../src/api/views.js';
import { decideSettings } from '../../src/config/load.js';
import { cidrOf } from '../../src/core/common/address.js';
import { createProtectTable } from '../../src/core/block/protect.js';
import { AgentError } from '../../src/core/common/errors.js';
import type { Block } from '../../src/core/model/block.js';
import type { TokenScope } from '../../src/core/model/token-scope.js';
import { openReader } from '../../src/store/read/reader.js';
import type { Store, StoredToken } from '../../src/store/types.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleBlock,
  sampleEvent,
  sampleSighting,
  sipText,
  START_US,
} from '../store/samples.js';

export const BLOCK: BlockView = {
  id: 1,
  target: '203.0.113.9/32',
  scope: 'all',
  origin: 'api',
  proof: 'none',
  rule: null,
  attack_type: null,
  reason: 'by hand',
  created_at: '2026-01-01T00:00:00.000000Z',
  expires_at: null,
  simulated: false,
  forced: false,
  packets_dropped: null,
};

export interface Rig {
  readonly server: FastifyInstance;
  readonly store: Store;
  readonly table: BlockTable;
  readonly services: ApiServices;
  readonly asked: unknown[];
  readonly said: string[];
  /** Who is protected; a test may add to it. */
  readonly protect: string[];
  readonly rules: { -readonly [K in keyof TcpRules]: TcpRules[K] };
  /** A token of this scope. */
  readonly tokens: Readonly<Record<TokenScope | 'expired', string>>;
  readonly nowUs: number;
  readonly ask: (
    url: string,
    more?: Omit<InjectOptions, 'url'>,
  ) => Promise<{
    status: number;
    json: unknown;
    text: string;
    headers: Record<string, unknown>;
  }>;
}

/** The routes over a real database, with agent's calls that only note what was asked. */
export async function makeRig(
  change: Partial<AgentCalls> = {},
  blocks: readonly Block[] = [
    sampleBlock(1),
    sampleBlock(2, { target: '198.51.100.1/32', proof: 'tcp' }),
  ],
): Promise<Rig> {
  const { store, databaseFile } = await openSampleStore();
  const raw = Buffer.from(sipText('INVITE', 'Subject: <script>alert(1)</script>\r\n'));
  store.write(
    batchOf({
      events: [1, 2, 3, 4].map((id) => sampleEvent(id, { raw, rawLength: raw.length })),
      sightings: [sampleSighting(), sampleSighting({ atUs: START_US + 5, points: 20 })],
      blocks,
    }),
  );
  await store.flush();
  const nowUs = START_US + 60_000_000;
  const lane = createLane({
    open: async () => closeAfterTest(await openReader(databaseFile)),
    waitingMax: 64,
    msMax: 5_000,
  });
  const table = createBlockTable(blocks);
  const protect = ['192.0.2.0/24'];
  const asked: unknown[] = [];
  const said: string[] = [];
  const { stored, tokens } = makeTokens(nowUs);
  const loaded = decideSettings({ file: null, env: {}, flags: {} }, null);
  const services: ApiServices = {
    calls: { ...notingCalls(asked), ...change },
    facts: factsFor(stored, nowUs, loaded, table, protect),
    read: lane.ask,
    stream: createEventStream({ ask: lane.ask }),
    bouncers: createBouncerPlaces(256),
    findPlace: () =>
      Promise.resolve({ asn: null, organisation: null, country: null, problems: [] }),
  };
  const rules = {
    readWithoutToken: true,
    hosts: ['pbx.example.org'],
    requestsPerMinute: 1_000_000,
  };
  const place = { address: '127.0.0.1', port: 0, tls: null };
  const server = await buildTcpServer(
    place,
    () => rules,
    services,
    (text) => said.push(text),
  );
  closeAfterTest(server);
  const ask: Rig['ask'] = async (url, more = {}) => {
    const answer = await server.inject({ method: 'GET', ...more, url });
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      json: isJson ? (JSON.parse(answer.payload || 'null') as unknown) : null,
      text: answer.payload,
      headers: answer.headers,
    };
  };
  return { server, store, table, services, asked, said, rules, tokens, protect, nowUs, ask };
}

export const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
});

function makeTokens(nowUs: number) {
  const stored: StoredToken[] = [];
  const add = (name: string, scope: TokenScope, expiresAtUs: number | null): string => {
    const { token, hash } = makeToken();
    stored.push({ name, scope, hash, createdAtUs: 0, expiresAtUs });
    return token;
  };
  const tokens = {
    read: add('reader', 'read', null),
    block: add('blocker', 'block', nowUs + 1),
    admin: add('boss', 'admin', null),
    expired: add('old', 'admin', nowUs),
  };
  return { stored, tokens };
}

function factsFor(
  tokens: readonly StoredToken[],
  nowUs: number,
  loaded: ReturnType<AgentFacts['loaded']>,
  table: BlockTable,
  protect: readonly string[],
): AgentFacts {
  return {
    version: '1.2.3',
    loaded: () => loaded,
    tokens: () => tokens,
    nowUs: () => nowUs,
    standing: (address) => {
      const around = cidrOf(address, null);
      if (around === null) throw new Error(`${address} is no address`);
      return { around, protectedBy: null };
    },
    activeBlocks: () => table.byTarget.values(),
    activeBlock: (target) => table.byTarget.get(target) ?? null,
    blocksAround: ({ text }) => blocksCovering(table, text.slice(0, text.indexOf('/')), nowUs),
    journal: createBlockJournal(100),
    protect: () =>
      createProtectTable(
        protect.map((target) => ({ target, from: 'protect in the configuration' })),
      ),
    blockOf: (address) => (address === '203.0.113.9' ? BLOCK : null),
    scoreOf: () => ({ total: 80, proven: 0 }),
    health: () => ({ alive: { trap: true }, ready: { firewall: true } }),
    meters: () => ({
      events: [{ transport: 'udp', method: 'INVITE', attackType: 'none', count: 4 }],
      sightings: [{ rule: 'a-rule', count: 2 }],
      blocks: [{ origin: 'detector', scope: 'sip', simulated: false, count: 2 }],
      active: [{ origin: 'detector', scope: 'sip', simulated: false, count: 1 }],
      answerTime: { buckets: [{ le: 0.001, count: 3 }], sum: 0.5, count: 4 },
      loopDelay: { p50: 0, p99: 0.01, max: 0.02 },
    }),
  };
}

function notingCalls(asked: unknown[]): AgentCalls {
  const note =
    <T>(answer: T) =>
    (...words: unknown[]): Promise<T> => {
      asked.push(...words);
      return Promise.resolve(answer);
    };
  const notThere = (name: string): Promise<never> =>
    Promise.reject(new AgentError('NOT_FOUND', `no ${name}`, 'see the list'));
  return {
    status: () => notThere('status here'),
    rules: note([]),
    firewall: () => notThere('firewall here'),
    nearness: note([]),
    addBlock: note(BLOCK),
    addBlocks: note({ added: 1, refused: [] }),
    clearBlocks: note({ removed: 2 }),
    protectedPeers: note([{ target: '127.0.0.0/8', from: 'loopback' }]),
    protectPeer: note({ name: 'x', targets: [], lifted_blocks: 0 }),
    unprotectPeer: note({ removed: 'x' }),
    tokens: note([]),
    createToken: () => notThere('way to make one here'),
    revokeToken: note({ revoked: 'x' }),
    confirm: note({ confirmed: true as const }),
    removeBlock: (target) => notThere(`block of ${target}`),
    jobs: note([]),
    alerts: note({ targets: [], alerts: [] }),
    testAlerts: note([]),
    runJob: (name) => notThere(`job ${name}`),
  };
}
