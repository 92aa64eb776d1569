import { LIMITS } from '../../core/common/limits.js';
import { rollBack } from '../database/migrate.js';
import type { CountedValue } from '../read/read-source.js';
import type { Database } from '../database/sqlite.js';
import { ADD_COUNTERS_SQL, DAY_US } from './tally-counters.js';
import type { Mutex } from '../../core/common/mutex.js';

/** Days whose hours are kept, and after which a day keeps few values. */
const DETAILED_DAYS = 31;

/**
 * Sums up what is rare of the days that are over, so that the counters stay few however many
 * addresses came; every total stays what it is. Hours go after 31 days. Returns the rows saved.
 */
export async function rollUp(database: Database, mutex: Mutex, nowUs: number): Promise<number> {
  const today = nowUs - (nowUs % DAY_US);
  const old = today - DETAILED_DAYS * DAY_US;
  const days = await database.all<{ name: string; day: number; values: number }>(
    `SELECT name, began_at_us AS day, count(*) AS "values" FROM counters
     WHERE span = 'day' AND began_at_us < ? GROUP BY name, began_at_us HAVING count(*) > ?`,
    [today, LIMITS.countedValuesPerOldDayMax + 1],
  );
  let saved = 0;
  for (const { name, day, values } of days) {
    const keep = day < old ? LIMITS.countedValuesPerOldDayMax : LIMITS.countedValuesPerDayMax;
    for (let over = values - keep; over > 0; over -= LIMITS.pruneRowsMax) {
      saved += await mutex.run(() => sumUpDay(database, name, day, keep));
    }
  }
  saved += await mutex.run(() =>
    database.run("DELETE FROM counters WHERE span = 'hour' AND began_at_us < ?", [old]),
  );
  return saved;
}

/** One step: at most `pruneRowsMax` values of one day. Returns how many rows are fewer. */
async function sumUpDay(
  database: Database,
  name: string,
  day: number,
  keep: number,
): Promise<number> {
  const key = "span = 'day' AND name = ? AND began_at_us = ?";
  const rare = await database.all<CountedValue>(
    `SELECT value, count FROM counters WHERE ${key} AND value <> ''
     ORDER BY count DESC, value LIMIT ? OFFSET ?`,
    [name, day, LIMITS.pruneRowsMax, keep],
  );
  if (rare.length === 0) return 0;
  const sum = rare.reduce((total, { count }) => total + count, 0);
  await database.exec('BEGIN IMMEDIATE');
  try {
    await database.run(
      `DELETE FROM counters WHERE ${key} AND value IN (SELECT value FROM json_each(?))`,
      [name, day, JSON.stringify(rare.map(({ value }) => value))],
    );
    await database.run(ADD_COUNTERS_SQL, [JSON.stringify([['day', name, day, '', sum]])]);
    await database.exec('COMMIT');
  } catch (error) {
    await rollBack(database);
    throw error;
  }
  return rare.length;
}
