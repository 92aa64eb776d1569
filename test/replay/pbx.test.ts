import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/core/common/address.js';
import { createInputDecoder, decodeChunk, endInput } from '../../src/records/decode-input.js';
import { createInputReport } from '../../src/records/recorded.js';
import { REPLAY_SECRET, REPLAY_SEED } from '../../src/replay/create-state.js';
import { createRun, endRun, feed } from '../../src/replay/run.js';
import { builtInRules } from '../core/detect/replay.js';
import { makeSettings } from '../core/trap/message.js';
import { DEFAULT_POLICY } from '../default-policy.js';

const corpora = process.env['SIP_CORPORA'] ?? '';
const capture = join(corpora, 'pbx/asterisk/hep.pcap');

/** What a real Asterisk said and heard, mirrored by res_hep. */
describe.skipIf(!existsSync(capture))('a capture of an Asterisk', () => {
  it('blocks those who attacked it, and nobody else', () => {
    const pbx = parseCidr('10.66.0.1/32');
    if (pbx === null) throw new Error('no address');
    const answers = makeSettings({ realm: 'pbx.example', secret: REPLAY_SECRET });
    const settings = {
      ...{ policy: DEFAULT_POLICY, scoreHalfLifeS: 3_600, answers, seed: REPLAY_SEED },
    };
    const run = createRun({ settings, protect: [], sipPorts: [5060], pbx: [pbx] }, builtInRules);
    const options = { ports: new Set([5060]), local: [pbx], timeZone: 'UTC', mirror: true };
    const decoder = createInputDecoder(createInputReport('hep.pcap'), options);
    const all = [...decodeChunk(decoder, readFileSync(capture)), ...endInput(decoder)];
    for (const each of all) feed(run, each);
    endRun(run);
    const told = run.story.blocks.map(
      ({ block, source }) => `${source} ${block.scope} ${block.attackType ?? ''}`,
    );
    expect(told).toEqual([
      '10.66.3.1 all credential_attack',
      '10.66.3.6 all toll_fraud',
      '10.66.3.7 sip sip_scan',
      '10.66.3.10 all credential_attack',
      '10.66.3.14 all credential_attack',
    ]);
    expect(run.story.sources.has('10.66.0.1')).toBe(false);
  });
});
