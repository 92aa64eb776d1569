import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEffectRunner, type EffectRunner } from '../../src/agent/effects.js';
import type { Block } from '../../src/core/model/block.js';
import type { Effect } from '../../src/core/flow.js';
import type { TrapEvent } from '../../src/core/model/event.js';
import type { StoreBatch } from '../../src/store/types.js';
import { sampleEvent } from '../store/samples.js';

const BLOCK: Block = {
  id: 5,
  target: '203.0.113.7/32',
  scope: 'sip',
  origin: 'detector',
  proof: 'none',
  rule: 'r',
  attackType: 'sip_scan',
  reason: 'it scanned',
  createdAtUs: 0,
  expiresAtUs: 600_000_000,
  simulated: false,
  forced: false,
};

describe('the effect runner', () => {
  let batches: StoreBatch[];
  let kept: unknown[];
  let said: string[];
  let changes: unknown[];
  let runner: EffectRunner;

  beforeEach(() => {
    vi.useFakeTimers();
    batches = [];
    kept = [];
    said = [];
    changes = [];
    runner = createEffectRunner({
      keep: (record) => kept.push(record),
      write: (batch) => batches.push(batch),
      changeFirewall: (change) => changes.push(change),
      say: (text) => said.push(text),
      onEvent: () => undefined,
      onBreaker: () => undefined,
      onStillTalking: () => undefined,
      nowUs: () => 7,
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('changes the firewall at once and hands the rest over together', () => {
    const change = { kind: 'add', target: BLOCK.target, scope: 'sip', timeoutS: 600 } as const;
    const effects: Effect[] = [
      { kind: 'block', block: BLOCK },
      { kind: 'firewall', change },
      { kind: 'block-ended', block: { ...BLOCK, id: 4 }, how: 'replaced' },
    ];
    runner.run(effects, null);
    expect(changes).toEqual([change]);
    expect(batches).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(batches).toMatchObject([
      { blocks: [BLOCK], endedBlocks: [{ id: 4, endedAtUs: 7, how: 'replaced' }] },
    ]);
    expect(said).toEqual(['blocked 203.0.113.7/32 on the SIP ports for 10m: sip_scan: it scanned']);
  });

  it('has an event kept at once', () => {
    const record = sampleEvent(7);
    runner.run([{ kind: 'event', record, event: {} as TrapEvent }], null);
    expect(kept).toEqual([record]);
    vi.advanceTimersByTime(1000);
    expect(batches).toEqual([]);
  });

  it('answers through the way back of the packet', () => {
    const replies: Buffer[] = [];
    const bytes = Buffer.from('SIP/2.0 200 OK');
    runner.run([{ kind: 'answer', bytes }], (reply) => replies.push(reply));
    expect(replies).toEqual([bytes]);
  });

  it('hands over what is left when it stops, and then nothing more', () => {
    runner.run([{ kind: 'block', block: BLOCK }], null);
    runner.stop();
    vi.advanceTimersByTime(1000);
    expect(batches).toHaveLength(1);
  });
});
