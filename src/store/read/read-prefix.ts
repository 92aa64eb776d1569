import { cidrOf, covers, type Cidr } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import { bucketsOf } from './source-events.js';
import type { Database } from '../database/sqlite.js';

/**
 * The addresses of a network that are known by events or sightings, at most `sourceEventsReadMax` of
 * each looked at. A lone address is itself, whether it is known or not.
 */
export async function addressesIn(database: Database, network: Cidr): Promise<readonly string[]> {
  const alone = network.text.slice(0, network.text.indexOf('/'));
  if (network.prefix === (network.family === 4 ? 32 : 128)) return [alone];
  const { from, to } = textRange(network);
  const limit = LIMITS.sourceEventsReadMax;
  const buckets = await bucketsOf(database);
  const [seen, sighted] = await Promise.all([
    buckets === null
      ? []
      : database.all<{ source: string }>(
          `${buckets.sql} SELECT DISTINCT events.source_ip AS source FROM bucket CROSS JOIN events
           ON events.id >> 13 = bucket.n AND events.source_ip >= ? AND events.source_ip < ? LIMIT ?`,
          [...buckets.values, from, to, limit],
        ),
    database.all<{ source: string }>(
      'SELECT DISTINCT source FROM sightings WHERE source >= ? AND source < ? LIMIT ?',
      [from, to, limit],
    ),
  ]);
  const found = new Set([...seen, ...sighted].map(({ source }) => source));
  return [...found].filter((address) => {
    const cidr = cidrOf(address, null);
    return cidr !== null && covers(network, cidr);
  });
}

/**
 * Between these texts lie those of all addresses of a network, and of some others: canonical text
 * leaves zeros out, so that it can only be compared up to the first group that may be one.
 */
export function textRange({ family, bytes, prefix }: Cidr): {
  readonly from: string;
  readonly to: string;
} {
  const width = family === 4 ? 1 : 2;
  const whole = Math.floor(prefix / (8 * width));
  const parts: string[] = [];
  for (let index = 0; index < whole; index += 1) {
    const high = bytes[index * width] ?? 0;
    const part = width === 1 ? high : high * 256 + (bytes[index * width + 1] ?? 0);
    if (part === 0 && family === 6) break;
    parts.push(part.toString(family === 4 ? 10 : 16));
  }
  // The character after '.' is '/', after ':' it is ';', and '~' is behind them all.
  const [mark, next] = family === 4 ? ['.', '/'] : [':', ';'];
  const head = parts.join(mark);
  return parts.length === 0
    ? { from: '', to: '~' }
    : { from: `${head}${mark}`, to: `${head}${next}` };
}
