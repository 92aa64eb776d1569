import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ListedBlock } from '../../api/views/block.js';
import { Attack, Choice, Empty, Failed, Left, Target } from '../parts/common.js';
import { LongTable } from '../parts/long-table.js';
import type { TableColumn } from '../parts/table.js';
import { usePages } from '../parts/use-pages.js';
import { useSession } from '../session.js';
import { describeScope } from '../../core/model/scope-words.js';
import { count, figure, shortTarget } from '../words.js';

const EVERY_MS = 5_000;
type Which = 'active' | 'all';
type Sort = 'newest' | 'ends' | 'dropped';

const COLUMNS: readonly TableColumn<ListedBlock>[] = [
  { title: 'Target', class: 'c-source', cell: ({ target }) => <Target target={target} /> },
  { title: 'Blocked', class: 'c-scope', cell: (block) => describeScope(block) },
  {
    title: 'Left',
    class: 'c-left number',
    cell: ({ ended_at: ended, end_how: how, expires_at: at }) =>
      ended === null ? <Left until={at} /> : (how ?? 'ended'),
  },
  {
    title: 'Dropped',
    class: 'c-number number',
    cell: ({ packets_dropped: packets }) => figure(packets),
  },
  {
    title: 'By',
    class: 'c-by',
    cell: ({ origin, rule }) => <span title={rule ?? origin}>{rule ?? origin}</span>,
  },
  {
    title: 'Attack type',
    class: 'c-attack',
    cell: ({ attack_type: type }) => <Attack type={type} />,
  },
  { title: 'Proof', class: 'c-proof', cell: ({ proof }) => proof },
  { title: 'Why', class: 'c-why', cell: ({ reason }) => <span title={reason}>{reason}</span> },
  { title: 'Action', class: 'c-action', cell: (block) => <Unblock block={block} /> },
];

/** Who is blocked, for how long, and why. */
export function Blocks() {
  const { client } = useSession();
  const [sort, setSort] = useState<Sort>('newest');
  const [all, setAll] = useState<Which>('active');
  const key = `sort=${sort}&all=${all === 'all'}`;
  const pages = usePages<ListedBlock>(
    key,
    async (offset, limit) => {
      const path = `blocks?${key}&limit=${limit}&offset=${offset}`;
      const { blocks, total } = await client.ask('blocks', path);
      return { rows: blocks, total };
    },
    EVERY_MS,
  );
  return (
    <section aria-label="Blocks">
      <Tools sort={sort} onSort={setSort} all={all} onAll={setAll}>
        {pages.loaded ? count(pages.total, 'block') : '…'}
      </Tools>
      <Failed failure={pages.failure} />
      {pages.loaded && pages.total === 0 ? <Empty>Nothing is blocked now.</Empty> : null}
      <LongTable
        label="Blocks"
        name="blocks"
        columns={COLUMNS}
        total={pages.total}
        rowAt={pages.rowAt}
        keyOf={({ id }) => id}
        onRange={pages.onRange}
        reset={key}
      />
    </section>
  );
}

function Tools(props: {
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly all: Which;
  readonly onAll: (all: Which) => void;
  readonly children: ComponentChildren;
}) {
  const { sort, onSort, all, onAll, children } = props;
  const { open } = useSession();
  return (
    <div class="tools">
      <Choice
        label="Which blocks"
        options={[
          ['active', 'In force'],
          ['all', 'Ended ones too'],
        ]}
        value={all}
        onChange={onAll}
      />
      <Choice
        label="Order"
        options={[
          ['newest', 'newest'],
          ['ends', 'next to end'],
          ['dropped', 'most dropped'],
        ]}
        value={sort}
        onChange={onSort}
      />
      <button
        type="button"
        class="main"
        onClick={() => {
          open({ kind: 'block', target: '' });
        }}
      >
        Block…
      </button>
      <p class="quiet">{children}</p>
    </div>
  );
}

function Unblock({ block: { target, ended_at: ended } }: { readonly block: ListedBlock }) {
  const { open } = useSession();
  if (ended !== null) return null;
  return (
    <button
      type="button"
      class="small"
      aria-label={`Unblock ${shortTarget(target)}`}
      onClick={() => {
        open({ kind: 'unblock', target });
      }}
    >
      Unblock…
    </button>
  );
}
