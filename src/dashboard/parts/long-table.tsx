import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { windowOf } from '../data/window.js';
import type { TableColumn } from './table.js';

const ROW_PX = 36;
const VIEW_PX = 600;

interface Rows<T> {
  readonly columns: readonly TableColumn<T>[];
  readonly rowAt: (at: number) => T | null;
  readonly keyOf: (row: T) => string | number;
}

/**
 * A table of any number of rows, of which only those that are seen are drawn. `rowAt` gives null for a
 * row that is not here yet; `onRange` tells which are looked at.
 */
export function LongTable<T>(
  props: Rows<T> & {
    readonly label: string;
    readonly name: string;
    readonly total: number;
    readonly onRange?: (first: number, end: number) => void;
    readonly onTop?: (top: boolean) => void;
    /** Changes when the list begins anew at its top. */
    readonly reset: string;
  },
) {
  const { label, name, columns, total, rowAt, keyOf, onRange, onTop, reset } = props;
  const { box, scrollPx, viewPx, setScrollPx } = useScroll(reset);
  const { first, end, abovePx, heightPx } = windowOf(scrollPx, viewPx, ROW_PX, total);
  useEffect(() => {
    onRange?.(first, end);
  }, [first, end, total, reset]);
  return (
    <div
      class={`long ${name}`}
      role="table"
      aria-label={label}
      aria-rowcount={total + 1}
      ref={box}
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop } = event.currentTarget;
        setScrollPx(scrollTop);
        onTop?.(scrollTop < ROW_PX);
      }}
    >
      <div role="rowgroup" class="long-head">
        <div role="row" aria-rowindex={1} class="long-row">
          {columns.map(({ title, class: kind }) => (
            <div key={title} role="columnheader" class={kind ?? ''}>
              {title}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="long-body" style={{ height: `${heightPx}px` }}>
        <div
          class="long-window"
          role="presentation"
          style={{ transform: `translateY(${abovePx}px)` }}
        >
          <DrawnRows first={first} end={end} columns={columns} rowAt={rowAt} keyOf={keyOf} />
        </div>
      </div>
    </div>
  );
}

function DrawnRows<T>(props: Rows<T> & { readonly first: number; readonly end: number }) {
  const { first, end, columns, rowAt, keyOf } = props;
  const rows = Array.from({ length: end - first }, (_, at) => first + at);
  return (
    <>
      {rows.map((at) => {
        const row = rowAt(at);
        return row === null ? (
          <div key={`no ${at}`} role="row" aria-rowindex={at + 2} class="long-row waiting">
            <div role="cell">…</div>
          </div>
        ) : (
          <div key={keyOf(row)} role="row" aria-rowindex={at + 2} class="long-row">
            {columns.map(({ title, cell, class: kind }) => (
              <div key={title} role="cell" class={kind ?? ''}>
                {cell(row)}
              </div>
            ))}
          </div>
        );
      })}
    </>
  );
}

/** Where it is scrolled to, and how much of it is seen. */
function useScroll(reset: string) {
  const box = useRef<HTMLDivElement>(null);
  const [scrollPx, setScrollPx] = useState(0);
  const [viewPx, setViewPx] = useState(VIEW_PX);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      setViewPx(element.clientHeight);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0;
    setScrollPx(0);
  }, [reset]);
  return { box, scrollPx, viewPx, setScrollPx };
}
