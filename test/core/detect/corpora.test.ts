import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ATTACK_TYPES } from '../../../src/core/model/attack-type.js';
import { replay, THRESHOLD } from './replay.js';

const corpora = process.env['SIP_CORPORA'];

const line = z.object({
  run: z.string(),
  t: z.number(),
  src: z.string(),
  transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']),
  attack_type: z.string(),
  raw: z.string(),
});

const FAMILIES = [...ATTACK_TYPES];
const BENIGN = ['benign', 'load'];

type Line = z.infer<typeof line>;

function readRuns(folder: string): ReadonlyMap<string, readonly Line[]> {
  const runs = new Map<string, Line[]>();
  const text = readFileSync(join(folder, 'tool-traffic.jsonl'), 'utf8');
  for (const json of text.split('\n').filter((each) => each !== '')) {
    const packet = line.parse(JSON.parse(json));
    runs.set(packet.run, [...(runs.get(packet.run) ?? []), packet]);
  }
  return runs;
}

const runs = corpora === undefined ? new Map<string, readonly Line[]>() : readRuns(corpora);
const labelled = [...runs].map(([run, packets]) => ({
  run,
  label: packets[0]?.attack_type ?? '',
  packets,
}));
const benign = labelled.filter(({ label }) => BENIGN.includes(label));
const attacks = labelled.filter(
  ({ label, packets }) => FAMILIES.some((family) => family === label) && packets.length >= 4,
);

describe.skipIf(corpora === undefined)('recorded traffic of real programs', () => {
  it(`is there: ${attacks.length} attack runs and ${benign.length} harmless ones`, () => {
    expect(attacks.length).toBeGreaterThan(5);
    expect(benign.length).toBeGreaterThan(5);
  });

  it.each(benign.map((each) => [each.run, each] as const))(
    'of %s never reaches the threshold',
    (_run, { packets }) => {
      for (const outcome of replay(packets)) {
        expect(outcome.peakTotal, outcome.rules.join()).toBeLessThan(THRESHOLD);
      }
    },
  );

  it.each(attacks.map((each) => [each.run, each] as const))(
    'of %s is rightly named and reaches the threshold within 12 packets',
    (_run, { packets, label }) => {
      for (const outcome of replay(packets)) {
        expect(outcome.blockedAs, outcome.rules.join()).toBe(label);
        expect(outcome.blockedAt).not.toBeNull();
        expect(outcome.blockedAt).toBeLessThanOrEqual(12);
      }
    },
  );
});
