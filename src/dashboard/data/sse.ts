/** One event of a stream of server-sent events (HTML Living Standard, 9.2.6). */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

export interface SseReader {
  /** Takes text as it comes, in pieces of any size, and gives the events that it completes. */
  readonly push: (text: string) => readonly SseEvent[];
  /** The id of the last event that was completed: what a stream goes on after. */
  readonly lastId: () => string | null;
  /** How long the server wants us to wait before we come back; null: it has not said. */
  readonly retryMs: () => number | null;
}

/** A line without an end is no event: a server that sends one would fill this page's memory. */
const LINE_CHARS_MAX = 1_000_000;

/** Reads one connection, which begins after `lastId`. */
export function createSseReader(lastId: string | null): SseReader {
  let rest = '';
  let event = '';
  let data: string[] = [];
  let pendingId = lastId;
  let doneId = lastId;
  let retryMs: number | null = null;

  const readField = (line: string): void => {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) pendingId = value;
    else if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  };

  const take = (line: string): SseEvent | null => {
    if (line !== '') {
      readField(line);
      return null;
    }
    doneId = pendingId;
    const frame = data.length === 0 ? null : { event: event || 'message', data: data.join('\n') };
    event = '';
    data = [];
    return frame;
  };

  return {
    push: (text) => {
      const lines = `${rest}${text}`.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) throw new Error('a line of the stream has no end');
      return lines.map(take).filter((frame) => frame !== null);
    },
    lastId: () => doneId,
    retryMs: () => retryMs,
  };
}
