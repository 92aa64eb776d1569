import { createBouncerPlaces } from '../../src/api/lists/bouncer-places.js';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AddBlock, AgentCalls } from '../../src/api/calls.js';
import { createEventStream } from '../../src/api/server/event-stream.js';
import type { AgentFacts, ApiServices } from '../../src/api/facts.js';
import { openClient } from '../../src/api/client.js';
import { serveControl, type ControlServer } from '../../src/api/server/server.js';
import type { BlockView, JobView } from '../../src/api/views.js';
import { decideSettings } from '../../src/config/load.js';
import { AgentError } from '../../src/core/common/errors.js';
import { LIMITS } from '../../src/core/common/limits.js';
import { waitUntil } from '../lab/wait-until.js';

const BLOCK: BlockView = {
  id: 1,
  target: '203.0.113.0/24',
  scope: 'all',
  origin: 'manual',
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

const unused = (): Promise<never> => Promise.reject(new Error('not asked for here'));

function createCalls(asked: unknown[]): AgentCalls {
  return {
    status: unused,
    rules: () => Promise.resolve([]),
    firewall: unused,
    addBlocks: unused,
    clearBlocks: unused,
    nearness: (address) => {
      asked.push(address);
      return Promise.resolve([]);
    },
    protectedPeers: unused,
    protectPeer: unused,
    unprotectPeer: unused,
    confirm: unused,
    tokens: unused,
    createToken: unused,
    revokeToken: unused,
    addBlock: (request_: AddBlock) => {
      asked.push(request_);
      return Promise.resolve(BLOCK);
    },
    removeBlock: (target) => {
      asked.push(target);
      return Promise.reject(new AgentError('NOT_FOUND', `no block of ${target}`, 'see the list'));
    },
    jobs: () => Promise.reject(new Error('a fault')),
    alerts: () => Promise.resolve({ targets: [], alerts: [] }),
    testAlerts: () => Promise.resolve([]),
    runJob: (name) => Promise.resolve({ name } as JobView),
  };
}

/** What is asked here is asked of the calls alone. */
const servicesOf = (calls: AgentCalls): ApiServices => ({
  calls,
  facts: { loaded: () => decideSettings({ file: null, env: {}, flags: {} }, null) } as AgentFacts,
  read: unused,
  stream: createEventStream({ ask: unused }),
  bouncers: createBouncerPlaces(1),
  findPlace: unused,
});

describe('the control socket', () => {
  let folder: string;
  let socketFile: string;
  let server: ControlServer;
  let asked: unknown[];
  let said: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'control-'));
    socketFile = join(folder, 'agent.sock');
    asked = [];
    said = [];
    const say = (text: string): number => said.push(text);
    server = await serveControl(socketFile, servicesOf(createCalls(asked)), say, 20);
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('is for its owner alone', () => {
    expect(statSync(socketFile).mode & 0o777).toBe(0o600);
  });

  it('has one beside it that its group may ask, and no more', async () => {
    const asking = join(folder, 'agent.read.sock');
    expect(statSync(asking).mode & 0o777).toBe(0o660);
    const client = openClient(asking);
    expect(await client.rules()).toEqual([]);
    await expect(client.removeBlock('203.0.113.7')).rejects.toMatchObject({
      code: 'API_DENIED',
      message: `who comes through ${asking} may ask, and change nothing`,
    });
    expect(await post(asking, '/api/v1/blocks', JSON.stringify({}))).toBe(403);
    expect(await client.nearness('2001:db8::1')).toEqual([]);
    expect(asked).toEqual(['2001:db8::1']);
    await client.close();
  });

  it('takes no more connections than its bound, and steers on beside them', async () => {
    const sockets = Array.from({ length: 80 }, () => connect(join(folder, 'agent.read.sock')));
    let closed = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => (closed += 1));
    }
    await waitUntil(
      'those above it are closed',
      () => closed === 80 - LIMITS.controlConnectionsMax,
    );
    const client = openClient(socketFile);
    expect(await client.rules()).toEqual([]);
    await client.close();
    for (const socket of sockets) socket.destroy();
  });

  it('is made again when somebody takes it away, and the one beside it', async () => {
    for (const file of [socketFile, join(folder, 'agent.read.sock')]) {
      rmSync(file);
      await waitUntil('it is there again', () => existsSync(file));
      const client = openClient(file);
      await waitUntil('it answers', () =>
        client.rules().then(
          (rules) => rules.length === 0,
          () => false,
        ),
      );
      await client.close();
    }
    await waitUntil('that is said', () => said.length > 1);
    expect(said).toHaveLength(2);
    expect(said[0]).toBe(`the control socket ${socketFile} was gone, and is there again`);
  });

  it('leaves what somebody has put in its place, says so once, and comes back later', async () => {
    rmSync(socketFile);
    writeFileSync(socketFile, 'mine');
    await waitUntil('it is said', () => said.length > 0);
    expect(readFileSync(socketFile, 'utf8')).toBe('mine');
    rmSync(socketFile);
    await waitUntil('it is there again', () => existsSync(socketFile));
    await waitUntil('that is said', () => said.length > 1);
    expect(said[0]).toContain('something else lies there now');
    expect(said).toHaveLength(2);
  });

  it('carries a call and its answer', async () => {
    const client = openClient(socketFile);
    const wanted: AddBlock = {
      target: '203.0.113.0/24',
      scope: 'all',
      duration_s: 60,
      reason: 'r',
      force: false,
    };
    expect(await client.addBlock(wanted)).toEqual(BLOCK);
    expect(asked).toEqual([wanted]);
    expect(await client.runJob('block_expiry')).toEqual({ name: 'block_expiry' });
    await client.close();
  });

  it('carries an error with its code and remedy, and the target unharmed', async () => {
    const client = openClient(socketFile);
    const target = '2001:db8::/64&x=1 #';
    await expect(client.removeBlock(target)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `no block of ${target}`,
      remedy: 'see the list',
    });
    await client.close();
  });

  it('calls a fault a fault', async () => {
    const client = openClient(socketFile);
    await expect(client.jobs()).rejects.toMatchObject({ code: 'INTERNAL', message: 'a fault' });
    expect(said).toEqual(['a request failed: GET /api/v1/jobs: a fault']);
    await client.close();
  });

  it.each([
    ['an unknown field', { target: '1.1.1.1', scope: 'all', duration_s: 1, reason: '', x: 1 }],
    ['a bad scope', { target: '1.1.1.1', scope: 'none', duration_s: 1, reason: '' }],
    ['a duration of nothing', { target: '1.1.1.1', scope: 'all', duration_s: 0, reason: '' }],
    ['no object', 'text'],
  ])('refuses %s', async (_name, body) => {
    expect(await post(socketFile, '/api/v1/blocks', JSON.stringify(body))).toBe(400);
    expect(asked).toEqual([]);
  });

  it('refuses a body over the bound', async () => {
    expect(await post(socketFile, '/api/v1/blocks', `"${'x'.repeat(1_100_000)}"`)).toBe(413);
  });

  it('takes the place of a dead agent, not of a living one', async () => {
    const again = serveControl(socketFile, servicesOf(createCalls([])), () => undefined);
    await expect(again).rejects.toMatchObject({ code: 'AGENT_RUNNING' });
    const dead = join(folder, 'dead.sock');
    const script = `require('net').createServer().listen('${dead}', () => process.kill(process.pid, 9))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(lstatSync(dead).isSocket()).toBe(true);
    const heir = await serveControl(dead, servicesOf(createCalls([])), () => undefined);
    await heir.close();
  });

  it('leaves a file alone that is no socket', async () => {
    const file = join(folder, 'notes.txt');
    writeFileSync(file, 'mine');
    const started = serveControl(file, servicesOf(createCalls([])), () => undefined);
    await expect(started).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('says that nobody answers when there is no agent', async () => {
    const client = openClient(join(folder, 'absent.sock'));
    await expect(client.status()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    await client.close();
  });
});

function post(socketPath: string, path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ socketPath, path, method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
