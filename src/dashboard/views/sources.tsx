import { useState } from 'preact/hooks';
import type { SeenSourceView } from '../../api/views/sources.js';
import type { ThreatView } from '../../api/views/threats.js';
import { storyOf } from '../data/place.js';
import { Ago, Attack, Choice, Empty, Failed, Source } from '../parts/common.js';
import { TextField } from '../parts/fields.js';
import { LongTable } from '../parts/long-table.js';
import { Standing } from '../parts/standing.js';
import type { TableColumn } from '../parts/table.js';
import { usePages } from '../parts/use-pages.js';
import { useSession } from '../session.js';
import { figure } from '../words.js';

const EVERY_MS = 10_000;
type Which = 'scored' | 'heard';

/** Who scored, and who was heard at all. */
export function Sources() {
  const [which, setWhich] = useState<Which>('scored');
  return (
    <section aria-label="Sources">
      <div class="tools">
        <Choice
          label="Which sources"
          options={[
            ['scored', 'Scored'],
            ['heard', 'All heard'],
          ]}
          value={which}
          onChange={setWhich}
        />
        <GoTo />
      </div>
      {which === 'scored' ? <Scored /> : <Heard />}
    </section>
  );
}

function GoTo() {
  const [address, setAddress] = useState('');
  return (
    <form
      role="search"
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (address.trim() !== '') location.hash = storyOf(address.trim());
      }}
    >
      <TextField label="The story of" value={address} onChange={setAddress} />
      <button type="submit">Show</button>
    </form>
  );
}

const THREAT_COLUMNS: readonly TableColumn<ThreatView>[] = [
  { title: 'Source', class: 'c-source', cell: ({ address }) => <Source address={address} /> },
  {
    title: 'Attack type',
    class: 'c-attack',
    cell: ({ why }) => <Attack type={why[0]?.attack_type ?? null} />,
  },
  { title: 'Points', class: 'c-number number', cell: ({ points }) => figure(points) },
  {
    title: 'Proven',
    class: 'c-proven number',
    cell: ({ points_proven: points }) => figure(points),
  },
  { title: 'Seen', class: 'c-seen', cell: ({ last_at: at }) => <Ago at={at} /> },
  { title: 'Why', class: 'c-why', cell: ({ why }) => <Reason text={why[0]?.reason ?? ''} /> },
  { title: 'Standing', class: 'c-standing', cell: (threat) => <Standing threat={threat} /> },
];

const Reason = ({ text }: { readonly text: string }) => <span title={text}>{text}</span>;

function Scored() {
  const [order, setOrder] = useState<'points' | 'last'>('points');
  const [since, setSince] = useState<'1h' | '24h' | '7d' | '30d'>('24h');
  const { client } = useSession();
  const key = `order=${order}&since=${since}`;
  const pages = usePages<ThreatView>(
    key,
    async (offset, limit) => {
      const path = `threats?${key}&limit=${limit}&offset=${offset}`;
      const { threats } = await client.ask('threats', path);
      return { rows: threats, total: null };
    },
    EVERY_MS,
  );
  return (
    <>
      <div class="tools">
        <Choice
          label="Time"
          options={[
            ['1h', 'an hour'],
            ['24h', 'a day'],
            ['7d', '7 days'],
            ['30d', '30 days'],
          ]}
          value={since}
          onChange={setSince}
        />
        <Choice
          label="Order"
          options={[
            ['points', 'most points'],
            ['last', 'seen last'],
          ]}
          value={order}
          onChange={setOrder}
        />
      </div>
      <Failed failure={pages.failure} />
      {pages.loaded && pages.total === 0 ? <Empty>No source has scored in this time.</Empty> : null}
      <LongTable
        label="Sources that scored"
        name="threats"
        columns={THREAT_COLUMNS}
        total={pages.total}
        rowAt={pages.rowAt}
        keyOf={({ address }) => address}
        onRange={pages.onRange}
        reset={key}
      />
    </>
  );
}

const SOURCE_COLUMNS: readonly TableColumn<SeenSourceView>[] = [
  { title: 'Source', class: 'c-source', cell: ({ address }) => <Source address={address} /> },
  { title: 'Messages', class: 'c-number number', cell: ({ messages }) => figure(messages) },
  { title: 'Score', class: 'c-proven number', cell: ({ score }) => figure(score) },
  { title: 'First seen', class: 'c-first', cell: ({ first_seen_at: at }) => <Ago at={at} /> },
  { title: 'Last seen', class: 'c-seen', cell: ({ last_seen_at: at }) => <Ago at={at} /> },
  {
    title: 'Blocked by',
    class: 'c-standing',
    cell: ({ blocked_by: target }) =>
      target === null ? <span class="quiet">–</span> : <span class="state-blocked">{target}</span>,
  },
];

function Heard() {
  const [order, setOrder] = useState<'last' | 'messages'>('last');
  const { client } = useSession();
  const key = `order=${order}`;
  const pages = usePages<SeenSourceView>(
    key,
    async (offset, limit) => {
      const path = `sources?${key}&limit=${limit}&offset=${offset}`;
      const { sources } = await client.ask('sources', path);
      return { rows: sources, total: null };
    },
    EVERY_MS,
  );
  return (
    <>
      <div class="tools">
        <Choice
          label="Order"
          options={[
            ['last', 'heard last'],
            ['messages', 'most messages'],
          ]}
          value={order}
          onChange={setOrder}
        />
      </div>
      <Failed failure={pages.failure} />
      {pages.loaded && pages.total === 0 ? <Empty>Nobody was heard yet.</Empty> : null}
      <LongTable
        label="Sources that were heard"
        name="sources"
        columns={SOURCE_COLUMNS}
        total={pages.total}
        rowAt={pages.rowAt}
        keyOf={({ address }) => address}
        onRange={pages.onRange}
        reset={key}
      />
    </>
  );
}
