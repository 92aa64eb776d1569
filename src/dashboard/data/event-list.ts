import type { EventView } from '../../api/views/event.js';

/** What a list of events keeps of each: thousands of them are held. */
export type ListedEvent = Pick<
  EventView,
  | 'id'
  | 'timestamp'
  | 'source_ip'
  | 'transport_type'
  | 'proof'
  | 'kind'
  | 'method'
  | 'status_code'
  | 'called_number'
  | 'auth_user'
  | 'to_user'
  | 'sip_user_agent'
  | 'attack_type'
  | 'score'
  | 'answered_status'
>;

export interface EventChoice {
  readonly source: string;
  readonly attackType: string;
  readonly method: string;
}

export const NO_FILTER: EventChoice = { source: '', attackType: '', method: '' };

/** A list of events, the newest last. */
export interface EventList {
  readonly rows: readonly ListedEvent[];
  /** The newest one that is shown, while the list is held; null: it goes with what comes. */
  readonly heldId: number | null;
  /** What `events?before` goes on with; null: the oldest is here, or nothing was read yet. */
  readonly nextBefore: number | null;
  readonly loaded: boolean;
  /** Events that were left out of the stream. */
  readonly leftOut: number;
}

export type EventListChange =
  | {
      readonly kind: 'came';
      readonly events: readonly EventView[];
      readonly filter: EventChoice;
      /** Rows that are kept: what is older is read again when somebody scrolls there. */
      readonly rowsMax: number;
    }
  | {
      readonly kind: 'page';
      readonly events: readonly EventView[];
      /** What was asked for; null: the newest there are. */
      readonly before: number | null;
      readonly nextBefore: number | null;
    }
  | { readonly kind: 'skipped'; readonly count: number }
  | { readonly kind: 'hold' }
  | { readonly kind: 'release' }
  | { readonly kind: 'reset' };

export const ROWS_MAX = 100_000;

export const EMPTY_LIST: EventList = {
  rows: [],
  heldId: null,
  nextBefore: null,
  loaded: false,
  leftOut: 0,
};

export function changeList(list: EventList, change: EventListChange): EventList {
  switch (change.kind) {
    case 'came': {
      const rows = change.events.filter((event) => matches(event, change.filter)).map(rowOf);
      return rows.length === 0
        ? list
        : bound({ ...list, rows: merge(list.rows, rows) }, change.rowsMax);
    }
    case 'page':
      return withPage(list, change.events.map(rowOf).reverse(), change.before, change.nextBefore);
    case 'skipped':
      return { ...list, leftOut: list.leftOut + change.count };
    case 'hold':
      return { ...list, heldId: list.heldId ?? list.rows.at(-1)?.id ?? 0 };
    case 'release':
      return { ...list, heldId: null };
    case 'reset':
      return EMPTY_LIST;
  }
}

function withPage(
  list: EventList,
  page: readonly ListedEvent[],
  before: number | null,
  nextBefore: number | null,
): EventList {
  const merged = { ...list, rows: merge(list.rows, page), loaded: true };
  if (before !== null || !list.loaded) return { ...merged, nextBefore };
  // The newest once more, after a connection began: what reaches back to what is here joins it.
  const oldest = page[0]?.id ?? 0;
  const newest = list.rows.at(-1)?.id ?? 0;
  if (oldest <= newest + 1) return merged;
  return { ...merged, rows: page, nextBefore };
}

/** The rows to show, and how many newer ones wait while it is held. */
export function shownRows({ rows, heldId }: EventList): { shown: number; waiting: number } {
  if (heldId === null) return { shown: rows.length, waiting: 0 };
  const shown = firstAfter(rows, heldId);
  return { shown, waiting: rows.length - shown };
}

export function matches(event: EventView, { source, attackType, method }: EventChoice): boolean {
  return (
    (source === '' || event.source_ip === source) &&
    (attackType === '' || event.attack_type === attackType) &&
    (method === '' || event.method === method)
  );
}

/** As a question to the API. */
export function eventsQuery(
  { source, attackType, method }: EventChoice,
  limit: number,
  before: number | null,
): string {
  const words = new URLSearchParams({ limit: String(limit) });
  if (before !== null) words.set('before', String(before));
  if (source !== '') words.set('source', source);
  if (attackType !== '') words.set('attack_type', attackType);
  if (method !== '') words.set('method', method);
  return words.toString();
}

/** Two lists by id as one, in which each id stands once. */
function merge(a: readonly ListedEvent[], b: readonly ListedEvent[]): readonly ListedEvent[] {
  const [first, last] = [b[0], a.at(-1)];
  if (first === undefined) return a;
  if (last === undefined || last.id < first.id) return [...a, ...b];
  if ((b.at(-1)?.id ?? 0) < (a[0]?.id ?? 0)) return [...b, ...a];
  const byId = new Map([...a, ...b].map((row) => [row.id, row]));
  return [...byId.values()].sort((left, right) => left.id - right.id);
}

/** A list that somebody reads keeps what he reads. */
function bound(list: EventList, rowsMax: number): EventList {
  if (list.heldId !== null || list.rows.length <= rowsMax) return list;
  const rows = list.rows.slice(-rowsMax);
  return { ...list, rows, nextBefore: rows[0]?.id ?? list.nextBefore };
}

/** How many ids are at most `id`. */
function firstAfter(rows: readonly ListedEvent[], id: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.id ?? 0) <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}

const rowOf = (event: EventView): ListedEvent => ({
  id: event.id,
  timestamp: event.timestamp,
  source_ip: event.source_ip,
  transport_type: event.transport_type,
  proof: event.proof,
  kind: event.kind,
  method: event.method,
  status_code: event.status_code,
  called_number: event.called_number,
  auth_user: event.auth_user,
  to_user: event.to_user,
  sip_user_agent: event.sip_user_agent,
  attack_type: event.attack_type,
  score: event.score,
  answered_status: event.answered_status,
});
