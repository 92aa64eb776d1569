import type { ComponentChildren } from 'preact';

export interface TableColumn<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** `rank-1` is left out first where the screen is too narrow; `number` stands at the right. */
  readonly class?: string;
}

/**
 * A table of few rows. On a telephone each row becomes a few lines, which takes a browser's own roles
 * of a table away: they are said.
 */
export function Table<T>(props: {
  readonly label: string;
  readonly columns: readonly TableColumn<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string | number;
}) {
  const { columns, rows, keyOf, label } = props;
  return (
    <table role="table">
      <caption class="hidden">{label}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, class: name }) => (
            <th key={title} scope="col" role="columnheader" class={name ?? ''}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ title, cell, class: name }) => (
              <td key={title} role="cell" class={name ?? ''} data-title={title}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
