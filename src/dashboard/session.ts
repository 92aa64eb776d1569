import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { Answers } from '../api/answers.js';
import type { EventView } from '../api/views/event.js';
import { ApiFailure, type Client } from './data/client.js';
import type { Gap, StreamState } from './data/stream.js';

/** What every part of the page may use. */
export interface Session {
  readonly client: Client;
  readonly hasToken: boolean;
  readonly keepToken: (token: string | null) => void;
  /** Counts up whenever what was shown may be wrong by now: a block was made, a token was given. */
  readonly version: number;
  readonly renew: () => void;
  /** Said once, to those who cannot see it too. */
  readonly tell: (text: string) => void;
  readonly open: (dialog: Dialog) => void;
  readonly link: StreamState;
  readonly listen: (listener: EventListener) => () => void;
  /** `light` or `dark`. */
  readonly look: string;
}

export interface EventListener {
  readonly onEvents: (events: readonly EventView[]) => void;
  readonly onSkipped: (gap: Gap) => void;
}

export type Dialog =
  | { readonly kind: 'token'; readonly why: string; readonly scope: string }
  | { readonly kind: 'block'; readonly target: string }
  | { readonly kind: 'unblock'; readonly target: string }
  | { readonly kind: 'protect'; readonly name: string }
  | { readonly kind: 'unprotect'; readonly name: string }
  | { readonly kind: 'job'; readonly name: string }
  | { readonly kind: 'event'; readonly id: number };

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('there is no session around this part');
  return session;
}

export interface Asked<T> {
  /** The last good answer, while a newer one is waited for or failed. */
  readonly data: T | null;
  readonly failure: ApiFailure | null;
}

/** Asks now and again, not while nobody looks. `path` null: not at all. */
export function useAnswer<K extends keyof Answers>(
  name: K,
  path: string | null,
  everyMs: number,
): Asked<Answers[K]> {
  const { client, version } = useSession();
  const [asked, setAsked] = useState<Asked<Answers[K]> & { path: string | null }>({
    data: null,
    failure: null,
    path: null,
  });
  useEffect(() => {
    if (path === null) return undefined;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        const answer = await client.ask(name, path).catch((error: unknown) => error);
        if (over) return;
        const failure =
          answer instanceof Error ? (answer instanceof ApiFailure ? answer : wrap(answer)) : null;
        setAsked((before) => ({
          // The client rejects or gives this very answer.
          data:
            failure === null ? (answer as Answers[K]) : before.path === path ? before.data : null,
          failure,
          path,
        }));
      }
      timer = setTimeout(() => void look(), everyMs);
    };
    const onVisible = (): void => {
      if (document.hidden || timer === null) return;
      clearTimeout(timer);
      timer = null;
      void look();
    };
    document.addEventListener('visibilitychange', onVisible);
    void look();
    return () => {
      over = true;
      if (timer !== null) clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [client, name, path, everyMs, version]);
  return asked.path === path ? asked : { data: null, failure: null };
}

const wrap = (error: Error): ApiFailure => new ApiFailure(0, error.message, 'load the page again');

/** The time, as often as that. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs]);
  return now;
}

/** True on a screen that is as narrow as a telephone. */
export function useMedia(query: string): boolean {
  const list = useRef(matchMedia(query));
  const [matches, setMatches] = useState(list.current.matches);
  useEffect(() => {
    const media = list.current;
    const onChange = (): void => {
      setMatches(media.matches);
    };
    media.addEventListener('change', onChange);
    return () => {
      media.removeEventListener('change', onChange);
    };
  }, []);
  return matches;
}

/** A function that stays the same, and calls the newest. */
export function useStable<A extends readonly unknown[]>(
  call: (...words: A) => void,
): (...words: A) => void {
  const newest = useRef(call);
  newest.current = call;
  return useCallback((...words: A) => {
    newest.current(...words);
  }, []);
}
