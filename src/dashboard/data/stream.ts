import type { EventView } from '../../api/views/event.js';
import { createSseReader, type SseEvent } from './sse.js';

/** How the stream of events stands. */
export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** It comes back by itself. */
  | { readonly kind: 'lost'; readonly why: string; readonly retryAtMs: number }
  /** It does not: a token is needed. */
  | { readonly kind: 'refused' };

export interface StreamParts {
  readonly open: (lastId: string | null, signal: AbortSignal) => Promise<Response>;
  readonly onEvents: (events: readonly EventView[]) => void;
  /** Ids between these two were left out, for this page was far behind. */
  readonly onSkipped: (gap: Gap) => void;
  readonly onLink: (link: StreamState) => void;
  /** Resolves after that time, or at once when `signal` is given up. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
}

export interface Gap {
  readonly after: number;
  readonly before: number;
}

const RETRY_MS = 3_000;
const RETRY_MS_MAX = 30_000;

/** Milliseconds until the next try: what the server wants, doubled with each that failed in a row. */
export const retryDelayMs = (failures: number, wantedMs: number | null): number =>
  Math.min(RETRY_MS_MAX, (wantedMs ?? RETRY_MS) * 2 ** Math.max(0, Math.min(failures, 6) - 1));

/**
 * Follows the events after `lastId` (null: from now on) until `signal` is given up, and comes back by
 * itself with the id of the last one that it saw. Returns that id. By fetch, for an EventSource can
 * send no token.
 */
export async function followEvents(
  parts: StreamParts,
  lastId: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  let last = lastId;
  let failures = 0;
  let wantedMs: number | null = null;
  while (!signal.aborted) {
    parts.onLink({ kind: 'connecting' });
    const reader = createSseReader(last);
    const outcome = await readOnce(parts, reader, signal);
    last = reader.lastId();
    if (isGivenUp(signal)) break;
    if (outcome.kind === 'refused') {
      parts.onLink({ kind: 'refused' });
      return last;
    }
    failures = outcome.lived ? 1 : failures + 1;
    wantedMs = reader.retryMs() ?? wantedMs;
    const delayMs = retryDelayMs(failures, wantedMs);
    parts.onLink({ kind: 'lost', why: outcome.why, retryAtMs: parts.nowMs() + delayMs });
    await parts.wait(delayMs, signal);
  }
  return last;
}

/** It changes while we wait, which the compiler cannot see. */
const isGivenUp = (signal: AbortSignal): boolean => signal.aborted;

type Outcome =
  | { readonly kind: 'refused' }
  | { readonly kind: 'ended'; readonly lived: boolean; readonly why: string };

async function readOnce(
  parts: StreamParts,
  reader: ReturnType<typeof createSseReader>,
  signal: AbortSignal,
): Promise<Outcome> {
  let lived = false;
  try {
    const response = await parts.open(reader.lastId(), signal);
    if (response.status === 401 || response.status === 403) return { kind: 'refused' };
    if (!response.ok || response.body === null) {
      return { kind: 'ended', lived, why: `the agent answered with ${response.status}` };
    }
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
    parts.onLink({ kind: 'live' });
    lived = true;
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) return { kind: 'ended', lived, why: 'the agent has ended the stream' };
      hand(reader.push(value), parts);
    }
  } catch {
    return { kind: 'ended', lived, why: 'the agent cannot be reached' };
  }
}

function hand(frames: readonly SseEvent[], { onEvents, onSkipped }: StreamParts): void {
  const events: EventView[] = [];
  for (const { event, data } of frames) {
    // Both are of our own agent.
    if (event === 'sip') events.push(JSON.parse(data) as EventView);
    else if (event === 'skipped') onSkipped(JSON.parse(data) as Gap);
  }
  if (events.length > 0) onEvents(events);
}
