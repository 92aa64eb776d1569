import { describe, expect, it } from 'vitest';
import type { LapiClient } from '../../../src/agent/crowdsec/lapi-client.js';
import { createPusher } from '../../../src/agent/crowdsec/pusher.js';
import { createBlockJournal } from '../../../src/api/lists/block-journal.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Block } from '../../../src/core/model/block.js';
import { sampleBlock, START_US } from '../../store/samples.js';

/** A local API in memory, which fails while `down`. */
function makeLapi(allowed: readonly string[] = []) {
  const there = new Map<string, number>();
  const asked: string[] = [];
  const state = { down: false };
  const up = <T>(answer: () => T): Promise<T> =>
    state.down ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve(answer());
  const client: LapiClient = {
    allowlisted: (values) =>
      up(() => {
        asked.push(...values);
        return new Set(allowed);
      }),
    activeValues: () => up(() => new Map(there)),
    push: (decisions) =>
      up(() => {
        for (const { value } of decisions) there.set(value, 540);
      }),
    end: (value) => up(() => there.delete(value)).then(() => undefined),
  };
  return { client, there, asked, state };
}

function makePusher(lapi: ReturnType<typeof makeLapi>, blocks: readonly Block[] = []) {
  const table = new Map(blocks.map((block) => [block.target, block]));
  const journal = createBlockJournal(10);
  const said: string[] = [];
  const pusher = createPusher({
    client: lapi.client,
    journal,
    tellable: () => table.values(),
    tellableOf: (target) => table.get(target) ?? null,
    nowUs: () => START_US,
    say: (text) => said.push(text),
  });
  return {
    pusher,
    said,
    begin: (target: string, change: Partial<Block> = {}) => {
      const block = sampleBlock(1, { target, proof: 'tcp', ...change });
      table.set(target, block);
      journal.note('begun', block, START_US);
    },
    end: (target: string) => {
      const block = table.get(target);
      if (block === undefined) throw new Error(`no block of ${target}`);
      table.delete(target);
      journal.note('ended', block, START_US);
    },
  };
}

describe('blocks for the local API of CrowdSec', () => {
  it('begin with what it lacks, and end what is in force no longer', async () => {
    const lapi = makeLapi();
    lapi.there.set('198.51.100.9', 100);
    lapi.there.set('203.0.113.7', 590);
    const { pusher } = makePusher(lapi, [
      sampleBlock(1),
      sampleBlock(2, { target: '2001:db8::/64' }),
    ]);
    expect(await pusher.flush()).toBe(true);
    expect([...lapi.there.keys()]).toEqual(['203.0.113.7', '2001:db8::/64']);
    // What it had was not told again.
    expect(lapi.asked).toEqual(['2001:db8::/64']);
  });

  it('go on with what changes, as it is when its turn comes', async () => {
    const lapi = makeLapi();
    const { pusher, begin, end } = makePusher(lapi);
    await pusher.flush();
    begin('203.0.113.7/32');
    begin('203.0.113.8/32');
    end('203.0.113.8/32');
    await pusher.flush();
    expect([...lapi.there.keys()]).toEqual(['203.0.113.7']);
    end('203.0.113.7/32');
    await pusher.flush();
    expect([...lapi.there.keys()]).toEqual([]);
  });

  it('are not pushed where an allowlist of it has them, for decisions pass those by', async () => {
    const lapi = makeLapi(['203.0.113.7']);
    const { pusher } = makePusher(lapi, [
      sampleBlock(1),
      sampleBlock(2, { target: '10.0.0.1/32' }),
    ]);
    await pusher.flush();
    expect([...lapi.there.keys()]).toEqual(['10.0.0.1']);
  });

  it('are told after a failure as they are then, and the failure is said once', async () => {
    const lapi = makeLapi();
    const { pusher, said, begin, end } = makePusher(lapi);
    await pusher.flush();
    begin('203.0.113.7/32');
    await pusher.flush();
    lapi.state.down = true;
    end('203.0.113.7/32');
    begin('203.0.113.8/32');
    expect(await pusher.flush()).toBe(false);
    expect(await pusher.flush()).toBe(false);
    begin('203.0.113.9/32');
    lapi.state.down = false;
    expect(await pusher.flush()).toBe(true);
    expect([...lapi.there.keys()]).toEqual(['203.0.113.8', '203.0.113.9']);
    expect(said).toEqual([
      "CrowdSec's local API was not told of blocks: connect ECONNREFUSED",
      "CrowdSec's local API is told of blocks again",
    ]);
  });

  it('that were made longer meanwhile are told anew', async () => {
    const lapi = makeLapi();
    lapi.there.set('203.0.113.7', 100);
    const { pusher } = makePusher(lapi, [
      sampleBlock(1, { expiresAtUs: START_US + 3_600_000_000 }),
    ]);
    await pusher.flush();
    expect(lapi.there.get('203.0.113.7')).toBe(540);
  });

  it('wait in bounds: with too many it is compared instead', async () => {
    const lapi = makeLapi();
    const { pusher, begin } = makePusher(lapi);
    await pusher.flush();
    for (let at = 0; at <= LIMITS.crowdsecWaitingMax; at += 1) {
      begin(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}/32`);
    }
    lapi.there.set('198.51.100.9', 1);
    await pusher.flush();
    expect(lapi.there.size).toBe(LIMITS.crowdsecWaitingMax + 1);
    expect(lapi.there.has('198.51.100.9')).toBe(false);
  });
});
