import { useEffect, useReducer } from 'preact/hooks';
import {
  changeList,
  EMPTY_LIST,
  eventsQuery,
  ROWS_MAX,
  type EventChoice,
  type EventList,
  type EventListChange,
} from '../data/event-list.js';
import type { ApiFailure } from '../data/client.js';
import { useSession, useStable } from '../session.js';

const PAGE_ROWS = 200;

type State = EventList & { readonly failure: ApiFailure | null; readonly asking: boolean };
type Change =
  | EventListChange
  | { readonly kind: 'asked' }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

const START: State = { ...EMPTY_LIST, failure: null, asking: false };

function change(state: State, what: Change): State {
  switch (what.kind) {
    case 'asked':
      return { ...state, asking: true };
    case 'failed':
      return { ...state, asking: false, failure: what.failure };
    case 'page':
      return { ...changeList(state, what), failure: null, asking: false };
    case 'reset':
      return START;
    default:
      return { ...state, ...changeList(state, what) };
  }
}

/** A list of events that grows with what comes, and backwards with `readOlder`. */
export function useEvents(filter: EventChoice, pageRows = PAGE_ROWS, rowsMax = ROWS_MAX) {
  const { client, listen, link, version } = useSession();
  const [state, dispatch] = useReducer(change, START);
  const { source, attackType, method } = filter;
  const read = useStable((before: number | null) => {
    dispatch({ kind: 'asked' });
    client.ask('events', `events?${eventsQuery(filter, pageRows, before)}`).then(
      ({ events, next_before: nextBefore }) => {
        dispatch({ kind: 'page', events, before, nextBefore });
      },
      (failure: unknown) => {
        // The client rejects with nothing else.
        dispatch({ kind: 'failed', failure: failure as ApiFailure });
      },
    );
  });
  useEffect(() => {
    dispatch({ kind: 'reset' });
    // Listened to first: what comes while the first page is asked for stands in both, and is merged.
    const stop = listen({
      onEvents: (events) => {
        dispatch({ kind: 'came', events, filter: { source, attackType, method }, rowsMax });
      },
      onSkipped: ({ after, before }) => {
        dispatch({ kind: 'skipped', count: before - after - 1 });
      },
    });
    read(null);
    return stop;
  }, [source, attackType, method, version, listen]);
  const live = link.kind === 'live';
  useEffect(() => {
    // What came between the first page and the begin of the stream is in neither.
    if (live) read(null);
  }, [live]);
  const readOlder = (): void => {
    if (!state.asking && state.nextBefore !== null) read(state.nextBefore);
  };
  return { list: state, readOlder, dispatch };
}
