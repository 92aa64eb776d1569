import type { ComponentChildren } from 'preact';
import { figure } from '../words.js';
import { Empty } from './common.js';

export interface RankedRow {
  readonly key: string;
  readonly name: ComponentChildren;
  readonly count: number;
  /** What else is known, in small. */
  readonly note?: string;
}

/** The most frequent first, each with a bar as long as its share of the first. */
export function Ranked(props: {
  readonly rows: readonly RankedRow[] | null;
  readonly others?: number;
  readonly empty: string;
}) {
  const { rows, others = 0, empty } = props;
  if (rows === null) return <Empty>…</Empty>;
  const [first] = rows;
  if (first === undefined) return <Empty>{empty}</Empty>;
  return (
    <ol class="ranked">
      {rows.map(({ key, name, count, note }) => (
        <li key={key}>
          <span class="ranked-bar" style={{ width: `${(100 * count) / first.count}%` }} />
          <span class="ranked-name">
            {name}
            {note === undefined || note === '' ? null : <small>{note}</small>}
          </span>
          <span class="ranked-count">{figure(count)}</span>
        </li>
      ))}
      {others > 0 ? (
        <li class="quiet">
          <span class="ranked-name">all others</span>
          <span class="ranked-count">{figure(others)}</span>
        </li>
      ) : null}
    </ol>
  );
}
