import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiFailure } from '../data/client.js';
import { pagesOf } from '../data/window.js';
import { useSession, useStable } from '../session.js';

const PAGE_ROWS = 200;
/** Pages that are kept; those that are looked at are read again. */
const PAGES_MAX = 50;

export interface Page<T> {
  readonly rows: readonly T[];
  /** Null: it is not known, and there is more where a page is full. */
  readonly total: number | null;
}

interface Pages<T> {
  readonly pages: ReadonlyMap<number, readonly T[]>;
  readonly total: number;
  readonly loaded: boolean;
  readonly failure: ApiFailure | null;
}

/**
 * Rows that are read page by page as they are looked at, and those that are looked at again every
 * `everyMs`. `key` names what is asked; with another one all begins anew.
 */
export function usePages<T>(
  key: string,
  read: (offset: number, limit: number) => Promise<Page<T>>,
  everyMs: number,
) {
  const { version } = useSession();
  const [state, setState] = useState<Pages<T>>(nothing);
  const seen = useRef({ first: 0, end: 1, key: '', asked: new Set<number>() });
  const load = useStable((numbers: readonly number[]) => {
    const { asked } = seen.current;
    for (const number of numbers) {
      if (asked.has(number)) continue;
      asked.add(number);
      read(number * PAGE_ROWS, PAGE_ROWS)
        .then(
          (page) => {
            if (seen.current.key === key) setState((before) => withPage(before, number, page));
          },
          (failure: unknown) => {
            // The client rejects with nothing else.
            setState((before) => ({ ...before, failure: failure as ApiFailure }));
          },
        )
        .finally(() => asked.delete(number));
    }
  });
  useEffect(() => {
    seen.current = { first: 0, end: 1, key, asked: new Set() };
    setState(nothing);
    load([0]);
  }, [key]);
  useEffect(() => {
    const look = (): void => {
      const { first, end } = seen.current;
      if (!document.hidden) load(pagesOf(first, Math.max(end, first + 1), PAGE_ROWS));
    };
    if (version > 0) look();
    const timer = setInterval(look, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs, version]);
  return {
    total: state.total,
    loaded: state.loaded,
    failure: state.failure,
    rowAt: (at: number): T | null =>
      state.pages.get(Math.floor(at / PAGE_ROWS))?.[at % PAGE_ROWS] ?? null,
    onRange: (first: number, end: number): void => {
      seen.current.first = first;
      seen.current.end = end;
      load(pagesOf(first, end, PAGE_ROWS).filter((number) => !state.pages.has(number)));
    },
  };
}

const nothing = <T>(): Pages<T> => ({ pages: new Map(), total: 0, loaded: false, failure: null });

function withPage<T>(before: Pages<T>, number: number, page: Page<T>): Pages<T> {
  const pages = new Map(before.pages);
  pages.delete(number);
  pages.set(number, page.rows);
  const [oldest] = pages.keys();
  if (pages.size > PAGES_MAX && oldest !== undefined) pages.delete(oldest);
  const end = number * PAGE_ROWS + page.rows.length;
  const more = page.rows.length === PAGE_ROWS ? 1 : 0;
  const total = page.total ?? Math.max(more === 1 ? before.total : 0, end + more);
  return { pages, total, loaded: true, failure: null };
}
