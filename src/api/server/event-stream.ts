import { safeJson } from '../../core/common/text.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Reader } from '../../store/read/reader.js';
import type { StoredEvent } from '../../store/rows.js';
import { eventView } from '../views/event.js';

/** Where one client's stream goes: the response of its request. */
export interface StreamSink {
  /** False: what was written before has not left yet. */
  readonly write: (text: string) => boolean;
  /** Bytes that wait to leave. */
  readonly waitingBytes: () => number;
  /** Ends it; the client comes back by itself with the id of what it saw last. */
  readonly end: () => void;
}

export interface EventStream {
  /**
   * Sends what comes after `lastId` (null: from now on) until `stop` is called. Null when no more
   * clients are taken.
   */
  readonly follow: (sink: StreamSink, lastId: number | null) => { stop: () => void } | null;
  readonly stats: () => { readonly clients: number; readonly tooSlow: number };
  readonly close: () => void;
}

type Ask = <T>(query: (reader: Reader) => Promise<T>) => Promise<T>;

export interface StreamOptions {
  readonly ask: Ask;
  readonly lookEveryMs?: number;
  readonly clientsMax?: number;
  readonly waitingBytesMax?: number;
}

interface Client {
  readonly sink: StreamSink;
  /** The last event that it was sent, or does not want. */
  lastId: number;
  quietLooks: number;
}

/** Looks after which a silent stream gets a line, so that no one between takes it for dead. */
const QUIET_LOOKS_MAX = 60;

interface Hub {
  readonly ask: Ask;
  readonly clients: Set<Client>;
  readonly waitingBytesMax: number;
  /** The last event that was looked at; null: nobody listens. */
  newest: number | null;
  tooSlow: number;
}

/**
 * Events as server-sent events (HTML Living Standard, 9.2). One look at the database serves all that
 * are up to date, with one text; who is behind is served from where he is. While nobody listens
 * nothing is looked at.
 */
export function createEventStream(options: StreamOptions): EventStream {
  const { ask, lookEveryMs = LIMITS.apiStreamLookMs, clientsMax = LIMITS.apiStreamsMax } = options;
  const { waitingBytesMax = LIMITS.apiStreamWaitingBytesMax } = options;
  const clients = new Set<Client>();
  const hub: Hub = { ask, clients, waitingBytesMax, newest: null, tooSlow: 0 };
  let timer: NodeJS.Timeout | null = null;
  let looking = false;

  const schedule = (): void => {
    if (timer !== null || looking || clients.size === 0) return;
    timer = setTimeout(() => {
      timer = null;
      looking = true;
      // A database that cannot be asked just now is asked again with the next look.
      void look(hub)
        .catch(() => undefined)
        .then(() => {
          looking = false;
          schedule();
        });
    }, lookEveryMs);
  };

  return {
    follow: (sink, lastId) => {
      if (clients.size >= clientsMax) return null;
      const from = lastId ?? hub.newest ?? Number.MAX_SAFE_INTEGER;
      const client: Client = { sink, lastId: from, quietLooks: 0 };
      clients.add(client);
      sink.write(`retry: ${LIMITS.apiStreamRetryMs}\n\n`);
      schedule();
      return {
        stop: () => {
          leave(hub, client);
        },
      };
    },
    stats: () => ({ clients: clients.size, tooSlow: hub.tooSlow }),
    close: () => {
      for (const client of clients) client.sink.end();
      clients.clear();
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

async function look(hub: Hub): Promise<void> {
  const { ask, clients } = hub;
  if (clients.size === 0) return;
  const at = hub.newest ?? (await ask(newestId));
  hub.newest = at;
  for (const client of clients) client.lastId = Math.min(client.lastId, at);
  // With many clients each gets fewer at a time: what is sent in all is bounded.
  const limit = pageRows(clients.size);
  const places = [...new Set([...clients].map(({ lastId }) => lastId))].sort((a, b) => b - a);
  let newest = at;
  for (const place of places.slice(0, LIMITS.apiStreamPlacesMax)) {
    const page = await ask((reader) => readPage(reader, place, limit));
    if (page === null) continue;
    newest = Math.max(newest, page.lastId);
    for (const client of clients) if (client.lastId === place) send(hub, client, page);
  }
  // Nobody may be left by now.
  hub.newest = clients.size === 0 ? null : newest;
  for (const client of clients) keepAlive(client);
}

function send(hub: Hub, client: Client, { text, lastId }: Page): void {
  client.lastId = lastId;
  client.quietLooks = 0;
  client.sink.write(text);
  if (client.sink.waitingBytes() <= hub.waitingBytesMax) return;
  hub.tooSlow += 1;
  leave(hub, client);
  client.sink.end();
}

function leave(hub: Hub, client: Client): void {
  hub.clients.delete(client);
  if (hub.clients.size === 0) hub.newest = null;
}

function keepAlive(client: Client): void {
  client.quietLooks += 1;
  if (client.quietLooks < QUIET_LOOKS_MAX) return;
  client.quietLooks = 0;
  client.sink.write(': nothing new\n\n');
}

interface Page {
  readonly text: string;
  readonly lastId: number;
}

const pageRows = (clients: number): number =>
  Math.min(
    LIMITS.apiStreamPageRowsMax,
    Math.max(LIMITS.apiStreamPageRowsMin, Math.floor(LIMITS.apiStreamRowsMax / clients)),
  );

async function newestId(reader: Reader): Promise<number> {
  const [event] = await reader.listEvents({ limit: 1 });
  return event?.id ?? 0;
}

/** The events after `afterId` as text; null: there are none. Who is far behind has some left out. */
async function readPage(reader: Reader, afterId: number, limit: number): Promise<Page | null> {
  const events = await reader.eventsAfter(afterId, limit);
  const last = events.at(-1);
  if (last === undefined) return null;
  const ahead = events.length < limit ? 0 : (await newestId(reader)) - last.id;
  if (ahead <= LIMITS.apiStreamBehindMax) return pageOf('', events, last.id);
  const from = last.id + ahead - limit;
  const skipped = `event: skipped\ndata: ${JSON.stringify({ after: afterId, before: from + 1 })}\n\n`;
  return pageOf(skipped, await reader.eventsAfter(from, limit), from);
}

const pageOf = (head: string, events: readonly StoredEvent[], lastId: number): Page => ({
  text: head + events.map(frame).join(''),
  lastId: events.at(-1)?.id ?? lastId,
});

/** JSON has no line ends of its own, so that one `data` line holds it whatever a packet said. */
const frame = (event: StoredEvent): string =>
  `id: ${event.id}\nevent: sip\ndata: ${safeJson(JSON.stringify(eventView(event)))}\n\n`;
