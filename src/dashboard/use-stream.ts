import { useEffect, useRef, useState } from 'preact/hooks';
import type { Client } from './data/client.js';
import { followEvents, type StreamState } from './data/stream.js';
import type { EventListener } from './session.js';

/** A browser has few connections to one host: a tab that nobody looks at gives its own back after this. */
const HIDDEN_MS = 60_000;

/** One stream for all parts of the page. It goes on where it was when somebody looks again. */
export function useStream(client: Client, version: number) {
  const [link, setLink] = useState<StreamState>({ kind: 'connecting' });
  const [looked, setLooked] = useState(true);
  const listeners = useRef(new Set<EventListener>());
  const lastId = useRef<string | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const onChange = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (!document.hidden) setLooked(true);
      else
        timer = setTimeout(() => {
          setLooked(false);
        }, HIDDEN_MS);
    };
    document.addEventListener('visibilitychange', onChange);
    return () => {
      if (timer !== null) clearTimeout(timer);
      document.removeEventListener('visibilitychange', onChange);
    };
  }, []);
  // A token that was given may open what was refused; what is open stays.
  const again = link.kind === 'refused' ? version : 0;
  useEffect(() => {
    if (!looked) return undefined;
    const stop = new AbortController();
    const parts = {
      open: client.openStream,
      onEvents: (events: Parameters<EventListener['onEvents']>[0]) => {
        for (const listener of listeners.current) listener.onEvents(events);
      },
      onSkipped: (gap: Parameters<EventListener['onSkipped']>[0]) => {
        for (const listener of listeners.current) listener.onSkipped(gap);
      },
      onLink: (now: StreamState) => {
        if (!stop.signal.aborted) setLink(now);
      },
      wait: waitFor,
      nowMs: Date.now,
    };
    void followEvents(parts, lastId.current, stop.signal).then((last) => {
      lastId.current = last;
    });
    return () => {
      stop.abort();
    };
  }, [client, looked, again]);
  const listen = useRef((listener: EventListener) => {
    listeners.current.add(listener);
    return () => {
      listeners.current.delete(listener);
    };
  });
  return { link, listen: listen.current };
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
