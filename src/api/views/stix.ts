import { createHash } from 'node:crypto';
import { safeJson } from '../../core/common/text.js';
import type { BlockView } from '../views.js';
import type { ExportFormat } from './export-format.js';

/** Of this program's own, for what it names the same way each time. */
const NAMESPACE = Buffer.from('5c1a7f0e2b9d4c63a8f47d1e90b35a26', 'hex');
const IDENTITY_AT = '2026-01-01T00:00:00.000Z';

/** RFC 9562, version 5: the same name has the same id, here and on any other day. */
export function nameUuid(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** Who says so. */
const IDENTITY = {
  type: 'identity',
  spec_version: '2.1',
  id: `identity--${nameUuid('identity')}`,
  created: IDENTITY_AT,
  modified: IDENTITY_AT,
  name: 'sentrypeer-agent',
  identity_class: 'system',
};

/**
 * A bundle of STIX 2.1 (OASIS, sections 4.7 and 8) with an indicator for each block. A block has the
 * same id in each bundle, so that who takes them in one after another gets no double.
 */
export function stixFormat(): ExportFormat {
  return {
    head: [
      `{"type": "bundle", "id": "bundle--${nameUuid('bundle of blocks')}", "objects": [`,
      JSON.stringify(IDENTITY),
    ],
    line: (block) => `,${safeJson(JSON.stringify(indicatorOf(block)))}`,
    end: () => [']}'],
  };
}

/** STIX takes times to the millisecond; one that ends when it begins is no time to it. */
const stixTime = (time: string): string => new Date(time).toISOString();

function indicatorOf(block: BlockView) {
  const created = stixTime(block.created_at);
  const until = block.expires_at === null ? null : stixTime(block.expires_at);
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${nameUuid(`${block.target} ${block.created_at}`)}`,
    created_by_ref: IDENTITY.id,
    created,
    modified: created,
    name: `SIP attacker ${block.target}`,
    description: block.reason,
    indicator_types: ['malicious-activity'],
    pattern: patternOf(block.target),
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: created,
    ...(until !== null && until > created && { valid_until: until }),
    labels: [block.origin, ...(block.attack_type === null ? [] : [block.attack_type])],
  };
}

/** The target is canonical, so that nothing in it ends the text of the pattern. */
function patternOf(target: string): string {
  const [address = '', length = ''] = target.split('/');
  const kind = target.includes(':') ? 'ipv6-addr' : 'ipv4-addr';
  const whole = length === (kind === 'ipv6-addr' ? '128' : '32');
  return whole ? `[${kind}:value = '${address}']` : `[${kind}:value ISSUBSET '${target}']`;
}
