import { LIMITS } from '../../core/common/limits.js';
import type { Sighting } from '../../core/model/sighting.js';
import type { StoredEvent } from '../../store/rows.js';
import { EVENT_HEAD, eventCells } from './event-view.js';
import { renderTable } from '../text/table.js';
import { count } from '../text/words.js';

const SOURCE_COLUMN = EVENT_HEAD.findIndex(({ title }) => title === 'SOURCE');

/** The ids of the events behind sightings, each once, the newest `listedRowsMax` of them. */
export function sightedIds(sightings: readonly Sighting[]): readonly number[] {
  const ids = new Set(sightings.flatMap(({ eventIds }) => eventIds));
  return [...ids].sort((a, b) => a - b).slice(-LIMITS.listedRowsMax);
}

/** Which rules each event stands behind; events that are no longer kept are counted. */
export function renderSightedEvents(
  sightings: readonly Sighting[],
  events: readonly StoredEvent[],
): string {
  const gone = sightedIds(sightings).length - events.length;
  const lost = gone > 0 ? `\n${count(gone, 'event')} no longer kept` : '';
  if (events.length === 0) return `Events behind that: none is kept.${lost}`;
  const rulesOf = (id: number): string => {
    const behind = sightings.filter(({ eventIds }) => eventIds.includes(id));
    return [...new Set(behind.map(({ rule }) => rule))].join(', ');
  };
  const withoutSource = <T>(cells: readonly T[]): T[] =>
    cells.filter((_, column) => column !== SOURCE_COLUMN);
  const head = ['EVENT', { title: 'RULES', wraps: true }, ...withoutSource(EVENT_HEAD)];
  const rows = events.map((event) => [
    String(event.id),
    rulesOf(event.id),
    ...withoutSource(eventCells(event)),
  ]);
  return `Events behind that\n${renderTable(head, rows)}${lost}`;
}
