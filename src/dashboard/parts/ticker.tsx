import { NO_FILTER } from '../data/event-list.js';
import { Empty, Failed } from './common.js';
import { EVENT_COLUMNS } from './event-columns.js';
import { Table } from './table.js';
import { useEvents } from './use-events.js';

const SHOWN = ['Time (UTC)', 'Source', 'Method', 'User', 'Attack type', 'User agent'];
const COLUMNS = EVENT_COLUMNS.filter(({ title }) => SHOWN.includes(title));

/** The last few events, as they come. */
export function EventTicker({ rows }: { readonly rows: number }) {
  const { list } = useEvents(NO_FILTER, rows, rows);
  const last = list.rows.slice(-rows).reverse();
  if (list.failure !== null) return <Failed failure={list.failure} />;
  if (!list.loaded) return <Empty>…</Empty>;
  if (last.length === 0) return <Empty>Nothing has come yet.</Empty>;
  return <Table label="The last events" rows={last} keyOf={({ id }) => id} columns={COLUMNS} />;
}
