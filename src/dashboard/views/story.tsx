import type { SourceView } from '../../api/views/source.js';
import { placeOf } from '../data/place.js';
import { Ago, Attack, Empty, Failed, Left, Pairs, Section } from '../parts/common.js';
import { Ranked } from '../parts/ranked.js';
import { Table } from '../parts/table.js';
import { useAnswer, useSession } from '../session.js';
import { shortTime } from '../../core/common/time-words.js';
import { describeScope } from '../../core/model/scope-words.js';
import { count, countryName, figure } from '../words.js';

const EVERY_MS = 5_000;

/** The story of a source, as `sources show` tells it: who, what it did, what that scored, what was decided. */
export function Story({ address }: { readonly address: string }) {
  const { data, failure } = useAnswer('source', `sources/${encodeURIComponent(address)}`, EVERY_MS);
  return (
    <article class="story">
      <p>
        <a href={placeOf('sources')}>← All sources</a>
      </p>
      <Failed failure={failure} />
      {data === null ? failure === null ? <Empty>…</Empty> : null : <Told view={data} />}
    </article>
  );
}

function Told({ view }: { readonly view: SourceView }) {
  return (
    <>
      <Actions view={view} />
      <div class="halves">
        <Section title="Who">
          <Who view={view} />
        </Section>
        <Section title="How near the rules are">
          <Near view={view} />
        </Section>
      </div>
      <Seen view={view} />
      <Decided view={view} />
      <div class="rankings">
        <Values title="User names tried" values={view.users_tried} />
        <Values title="Passwords tried" values={view.passwords_tried} note={passwordNote(view)} />
        <Values title="Numbers called" values={view.called_numbers} />
        <Values title="User agents" values={view.user_agents} />
        <Values title="Methods" values={view.methods} />
      </div>
      <Calls view={view} />
    </>
  );
}

const blockInForce = ({ blocks }: SourceView) =>
  blocks.find(
    ({ ended_at: ended, expires_at: expires }) =>
      ended === null && (expires === null || Date.parse(expires) > Date.now()),
  ) ?? null;

function Actions({ view }: { readonly view: SourceView }) {
  const { open } = useSession();
  const block = blockInForce(view);
  return (
    <div class="verdict">
      <p class="headline">
        <Verdict view={view} />
      </p>
      <div class="buttons">
        {block === null ? (
          <button
            type="button"
            class="main"
            onClick={() => {
              open({ kind: 'block', target: view.address });
            }}
          >
            Block…
          </button>
        ) : (
          <button
            type="button"
            class="main"
            onClick={() => {
              open({ kind: 'unblock', target: block.target });
            }}
          >
            Unblock…
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            open({ kind: 'protect', name: view.address });
          }}
        >
          Protect…
        </button>
        <a href={placeOf('events', { source: view.address })}>Its events</a>
      </div>
    </div>
  );
}

function Verdict({ view }: { readonly view: SourceView }) {
  const block = blockInForce(view);
  if (block !== null) {
    return (
      <span class="state-blocked">
        blocked: {describeScope(block)}, <Left until={block.expires_at} />
        {block.expires_at === null ? '' : ' left'}
      </span>
    );
  }
  if (view.protected_by !== null) {
    return <span class="state-protected">protected: {view.protected_by}</span>;
  }
  const points = `${figure(view.score)} of ${figure(view.threshold)} points`;
  return <span>not blocked: {points}</span>;
}

const NAMES =
  'DisplayNames' in Intl
    ? new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' })
    : null;

function Who({ view }: { readonly view: SourceView }) {
  const { country } = view;
  const network = [view.asn === null ? '' : `AS${view.asn}`, view.organisation ?? ''];
  const alone = view.counts_as.startsWith(`${view.address}/`);
  return (
    <>
      <Pairs
        pairs={[
          ['network', network.filter(Boolean).join(' ')],
          ['country', country === null ? null : countryName(country, NAMES)],
          [
            'counts as',
            alone ? null : `${view.counts_as}, ${count(view.addresses_known, 'address')}`,
          ],
          ['first seen', <Ago at={view.first_seen_at} />],
          ['last seen', <Ago at={view.last_seen_at} />],
          [
            'messages',
            `${count(view.events, 'event')}${view.thinned === 0 ? '' : `, and ${figure(view.thinned)} only counted`}`,
          ],
          ['score', standing(view)],
          ['protected', view.protected_by],
        ]}
      />
      {view.misdirected_phones ? (
        <p class="note">
          This looks like telephones that were pointed at the wrong address: the same credentials
          come again and again. If they are yours, protect them.
        </p>
      ) : null}
    </>
  );
}

function standing(view: SourceView): string {
  const proven = Math.round(view.score_proven);
  const share = proven === 0 ? 'none of them proven' : `${proven} of them from a proven address`;
  const since = view.blocks.some(({ origin }) => origin === 'detector')
    ? ' since its last block'
    : '';
  return `${figure(view.score)} points${since}, ${share}; it is blocked at ${figure(view.threshold)}`;
}

function Near({ view: { near } }: { readonly view: SourceView }) {
  if (near === null) return <Empty>It is blocked: no rule has to fire any more.</Empty>;
  if (near.length === 0) return <Empty>No rule is near to firing.</Empty>;
  return (
    <Table
      label="How near the rules are to firing, the nearest first"
      rows={near}
      keyOf={({ rule }) => rule}
      columns={[
        { title: 'Rule', class: 'name', cell: ({ rule }) => rule },
        {
          title: 'Seen',
          cell: ({ things, needed, what }) => `${figure(things)} of ${figure(needed)} ${what}`,
        },
        { title: 'Points', class: 'number', cell: ({ points }) => figure(points) },
      ]}
    />
  );
}

function Seen({ view: { sightings } }: { readonly view: SourceView }) {
  return (
    <Section title="Why: what the rules saw">
      {sightings.length === 0 ? (
        <Empty>No rule has fired for it.</Empty>
      ) : (
        <Table
          label="Sightings, the newest first"
          rows={sightings}
          keyOf={({ at, rule }) => `${at} ${rule}`}
          columns={[
            { title: 'Time (UTC)', class: 'rank-2', cell: ({ at }) => shortTime(at) },
            { title: 'Rule', class: 'name', cell: ({ rule }) => rule },
            {
              title: 'Attack type',
              class: 'rank-1',
              cell: ({ attack_type: type }) => <Attack type={type} />,
            },
            { title: 'Points', class: 'number', cell: ({ points }) => figure(points) },
            {
              title: 'Proven',
              class: 'number rank-1',
              cell: ({ points_proven: points }) => figure(points),
            },
            { title: 'What was seen', class: 'text', cell: ({ reason }) => <bdi>{reason}</bdi> },
          ]}
        />
      )}
    </Section>
  );
}

function Decided({ view: { blocks } }: { readonly view: SourceView }) {
  return (
    <Section title="Decided: blocks">
      {blocks.length === 0 ? (
        <Empty>It was never blocked.</Empty>
      ) : (
        <Table
          label="Blocks, the newest first"
          rows={blocks}
          keyOf={({ id }) => id}
          columns={[
            { title: 'Since (UTC)', class: 'rank-2', cell: (block) => shortTime(block.created_at) },
            { title: 'Target', class: 'address', cell: ({ target }) => target },
            { title: 'Blocked', class: 'rank-1', cell: (block) => describeScope(block) },
            {
              title: 'Left',
              cell: ({ end_how: how, expires_at: at }) =>
                how === null ? <Left until={at} /> : how,
            },
            { title: 'Proof', class: 'rank-1', cell: ({ proof }) => proof },
            { title: 'Why', class: 'text', cell: ({ reason }) => <bdi>{reason}</bdi> },
          ]}
        />
      )}
    </Section>
  );
}

function passwordNote({ passwords: { distinct, tries } }: SourceView): string {
  return distinct === 0 ? '' : `${count(distinct, 'password')} tried ${count(tries, 'time')}`;
}

function Values(props: {
  readonly title: string;
  readonly values: SourceView['methods'];
  readonly note?: string;
}) {
  const { title, values, note = '' } = props;
  if (values.length === 0 && note === '') return null;
  return (
    <Section title={title}>
      <Ranked
        rows={values.map(({ value, count: times }) => ({
          key: value,
          name: <bdi>{value}</bdi>,
          count: times,
        }))}
        empty="None is known by name."
      />
      {note === '' ? null : <p class="quiet">{note}.</p>}
    </Section>
  );
}

function Calls({ view: { calls } }: { readonly view: SourceView }) {
  if (calls.length === 0) return null;
  return (
    <Section title="Calls that the trap answered">
      <Table
        label="Calls, the newest first"
        rows={calls}
        keyOf={({ began_at: at, called }) => `${at} ${called}`}
        columns={[
          { title: 'Since (UTC)', cell: ({ began_at: at }) => shortTime(at) },
          { title: 'User', class: 'clip', cell: ({ user }) => <bdi>{user}</bdi> },
          { title: 'Called', class: 'clip', cell: ({ called }) => <bdi>{called}</bdi> },
          { title: 'Ended', class: 'rank-1', cell: ({ end_how: how }) => how ?? '–' },
        ]}
      />
    </Section>
  );
}
