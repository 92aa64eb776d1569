import type { AttackType } from '../../core/model/attack-type.js';
import { boundLimit } from './read-events.js';
import type { Database } from '../database/sqlite.js';

/** A source as the statistics know it. */
export interface SeenSource {
  readonly address: string;
  readonly firstAtUs: number;
  readonly lastAtUs: number;
  readonly messages: number;
}

export interface SourcePage {
  /** Heard at or after this moment; zero: ever. */
  readonly sinceUs: number;
  /** `last`: heard last first; `messages`: with the most messages first. */
  readonly order: 'last' | 'messages';
  readonly limit: number;
  readonly offset: number;
}

/** What one rule gave one source. */
export interface ThreatRule {
  readonly rule: string;
  readonly attackType: AttackType;
  readonly sightings: number;
  readonly points: number;
  readonly lastAtUs: number;
  /** Of the last sighting. */
  readonly reason: string;
}

/** A source that scored, with the sums of its sightings since a moment. */
export interface Threat {
  readonly address: string;
  readonly sightings: number;
  readonly points: number;
  readonly pointsProven: number;
  readonly firstAtUs: number;
  readonly lastAtUs: number;
  /** The one that gave most first. */
  readonly rules: readonly ThreatRule[];
}

export interface ThreatPage {
  readonly sinceUs: number;
  /** `points`: with the most points first; `last`: seen last first. */
  readonly order: 'points' | 'last';
  readonly attackType?: AttackType;
  readonly limit: number;
  readonly offset: number;
}

export interface SourceQueries {
  listSources(page: SourcePage): Promise<readonly SeenSource[]>;
  listThreats(page: ThreatPage): Promise<readonly Threat[]>;
  /** Whether anything was ever heard from a canonical address. */
  isSourceKnown(address: string): Promise<boolean>;
}

type RuleRow = ThreatRule & { readonly source: string };

export const createSourceQueries = (database: Database): SourceQueries => ({
  listSources: ({ sinceUs, order, limit, offset }) =>
    database.all<SeenSource>(
      `SELECT source AS address, first_at_us AS firstAtUs, last_at_us AS lastAtUs, messages
       FROM sources WHERE last_at_us >= ?
       ORDER BY ${order === 'last' ? 'last_at_us' : 'messages'} DESC, source LIMIT ? OFFSET ?`,
      [sinceUs, boundLimit(limit), Math.max(0, offset)],
    ),
  isSourceKnown: async (address) =>
    (await database.get('SELECT 1 FROM sources WHERE source = ?', [address])) !== null,
  listThreats: async ({ sinceUs, order, attackType, limit, offset }) => {
    const attack = attackType ?? null;
    const rows = await database.all<Omit<Threat, 'rules'>>(
      `SELECT source AS address, count(*) AS sightings, total(points) AS points,
         total(points_proven) AS pointsProven, min(at_us) AS firstAtUs, max(at_us) AS lastAtUs
       FROM sightings WHERE at_us >= ?1 AND (?2 IS NULL OR attack_type = ?2) GROUP BY source
       ORDER BY ${order === 'last' ? 'lastAtUs' : 'points'} DESC, source LIMIT ?3 OFFSET ?4`,
      [sinceUs, attack, boundLimit(limit), Math.max(0, offset)],
    );
    // SQLite takes the reason from the row that has the maximum.
    const rules = await database.all<RuleRow>(
      `SELECT source, rule, attack_type AS attackType, count(*) AS sightings,
         total(points) AS points, max(at_us) AS lastAtUs, reason
       FROM sightings WHERE source IN (SELECT value FROM json_each(?1)) AND at_us >= ?2
         AND (?3 IS NULL OR attack_type = ?3)
       GROUP BY source, rule ORDER BY points DESC, rule`,
      [JSON.stringify(rows.map(({ address }) => address)), sinceUs, attack],
    );
    return rows.map((row) => ({
      ...row,
      rules: rules.filter(({ source }) => source === row.address),
    }));
  },
});
