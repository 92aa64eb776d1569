import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPlace } from '../../src/agent/geoip.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sentrypeer-geoip-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Value = string | number | { readonly [key: string]: Value };

/** A value in the data format of mmdb 2.0: a map (7), a string (2) or an unsigned number (6). */
function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    if (text.length < 29) return Buffer.concat([Buffer.from([(2 << 5) | text.length]), text]);
    return Buffer.concat([Buffer.from([(2 << 5) | 29, text.length - 29]), text]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([Buffer.from([(6 << 5) | 4]), bytes]);
  }
  const entries = Object.entries(value);
  const pairs = entries.flatMap(([key, each]) => [encode(key), encode(each)]);
  return Buffer.concat([Buffer.from([(7 << 5) | entries.length]), ...pairs]);
}

/** A database of one node: addresses below 128.0.0.0 are unknown, the others have `record`. */
function writeDatabase(name: string, record: Value): string {
  const nodes = 1;
  const tree = Buffer.from([0, 0, nodes, 0, 0, nodes + 16]);
  const metadata = encode({
    node_count: nodes,
    record_size: 24,
    ip_version: 4,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: 'test',
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat([tree, Buffer.alloc(16), encode(record), marker, metadata]));
  return file;
}

const NOTHING = { asn: null, organisation: null, country: null, problems: [] };

describe('where an address belongs', () => {
  it('is not known without a database', async () => {
    const files = { geoipAsnFile: null, geoipCountryFile: null };
    expect(await findPlace(files, '203.0.113.7')).toEqual(NOTHING);
  });

  it('is what the databases say', async () => {
    const geoipAsnFile = writeDatabase('asn.mmdb', {
      autonomous_system_number: 64_500,
      autonomous_system_organization: 'Example',
    });
    const geoipCountryFile = writeDatabase('country.mmdb', { country: { iso_code: 'DE' } });
    const files = { geoipAsnFile, geoipCountryFile };
    const place = { asn: 64_500, organisation: 'Example', country: 'DE', problems: [] };
    expect(await findPlace(files, '203.0.113.7')).toEqual(place);
    expect(await findPlace(files, '10.0.0.1')).toEqual(NOTHING);
  });

  it('is told as far as it is known when a database is missing or damaged', async () => {
    const damaged = join(folder, 'damaged.mmdb');
    writeFileSync(damaged, 'no database');
    const files = { geoipAsnFile: join(folder, 'absent.mmdb'), geoipCountryFile: damaged };
    const { problems, ...known } = await findPlace(files, '203.0.113.7');
    expect(known).toEqual({ asn: null, organisation: null, country: null });
    expect(problems).toEqual([
      expect.stringMatching(/absent\.mmdb cannot be used/),
      expect.stringMatching(/damaged\.mmdb cannot be used/),
    ]);
  });
});
