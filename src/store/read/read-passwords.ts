import { boundLimit } from './read-events.js';
import type { Database } from '../database/sqlite.js';

/** A password that is known by name, and by whom it was tried. */
export interface TriedPassword {
  /** Escaped; empty: the empty password. */
  readonly password: string;
  readonly tries: number;
  readonly users: number;
  readonly sources: number;
  readonly lastAtUs: number;
}

export interface PasswordQueries {
  /** Tried last at or after a moment, most tries first. */
  listPasswords(page: {
    readonly sinceUs: number;
    readonly limit: number;
  }): Promise<readonly TriedPassword[]>;
  /** How many different digests came since then, and of how many the password is known. */
  countPasswords(sinceUs: number): Promise<{ readonly tried: number; readonly known: number }>;
}

export const createPasswordQueries = (database: Database): PasswordQueries => ({
  listPasswords: ({ sinceUs, limit }) =>
    database.all<TriedPassword>(
      `SELECT password, sum(tries) AS tries, count(DISTINCT username) AS users,
         count(DISTINCT source) AS sources, max(last_at_us) AS lastAtUs
       FROM credentials WHERE password IS NOT NULL AND last_at_us >= ?
       GROUP BY password ORDER BY tries DESC, password LIMIT ?`,
      [sinceUs, boundLimit(limit)],
    ),
  countPasswords: async (sinceUs) =>
    (await database.get<{ tried: number; known: number }>(
      `SELECT count(*) AS tried, count(password) AS known FROM credentials WHERE last_at_us >= ?`,
      [sinceUs],
    )) ?? { tried: 0, known: 0 },
});
