import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ATTACK_TYPES } from '../../../src/core/model/attack-type.js';
import { request } from './events.js';
import { replay, THRESHOLD } from './replay.js';

const FOLDER = join(import.meta.dirname, '../../fixtures/scenarios');

const packetSchema = z.object({
  t: z.number(),
  src: z.string(),
  transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']),
  raw: z.string(),
});

const expectSchema = z.strictObject({
  description: z.string(),
  attack_type: z.enum(ATTACK_TYPES).nullable(),
  blocked_within_packets: z.int().nullable(),
  proven_block: z.boolean(),
});

describe('scenarios', () => {
  it.each(readdirSync(FOLDER).sort())('%s', (name) => {
    const text = readFileSync(join(FOLDER, name, 'events.jsonl'), 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    const packets = lines.map((line) => packetSchema.parse(JSON.parse(line)));
    const json: unknown = JSON.parse(readFileSync(join(FOLDER, name, 'expect.json'), 'utf8'));
    const expected = expectSchema.parse(json);
    const outcomes = replay(packets);
    expect(outcomes).toHaveLength(1);
    for (const outcome of outcomes) {
      expect(outcome.attackType).toBe(expected.attack_type);
      expect(outcome.peakProven >= THRESHOLD).toBe(expected.proven_block);
      const within = expected.blocked_within_packets;
      if (within === null) expect(outcome.blockedAt).toBeNull();
      else expect(outcome.blockedAt ?? Infinity).toBeLessThanOrEqual(within);
    }
  });

  it.each([10, 60])('a trunk that asks OPTIONS every %d s for three days', (everyS) => {
    const packets = Array.from({ length: (3 * 86_400) / everyS }, (_, n) => ({
      t: n * everyS,
      src: '203.0.113.5:5060',
      transport: 'udp' as const,
      raw: request('OPTIONS', {
        Via: `SIP/2.0/UDP 203.0.113.5;branch=z9hG4bKt${n}`,
        'Call-ID': `ping-${n}`,
        To: '<sip:192.0.2.1>',
        'User-Agent': 'Sonus_UAC',
      }),
    }));
    const [outcome] = replay(packets);
    expect(outcome?.packets).toBe(packets.length);
    expect(outcome?.peakTotal).toBeLessThan(THRESHOLD / 4);
  });
});
