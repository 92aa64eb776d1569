import { useState } from 'preact/hooks';
import type { Answers } from '../../api/answers.js';
import type { ThreatView } from '../../api/views/threats.js';
import { standingOf, listeningWords } from '../data/health.js';
import { placeOf } from '../data/place.js';
import { sum } from '../data/stack.js';
import { AttackChart } from '../parts/chart.js';
import {
  Ago,
  Attack,
  Choice,
  Empty,
  Failed,
  Left,
  Section,
  Source,
  Target,
  TwoLines,
} from '../parts/common.js';
import { Countries, Networks, Numbers, Passwords, UserNames } from '../parts/rankings.js';
import { EventTicker } from '../parts/ticker.js';
import { Standing } from '../parts/standing.js';
import { Table } from '../parts/table.js';
import { useAnswer, useNow, useSession } from '../session.js';
import { timeAgo, timeLeft } from '../../core/common/time-words.js';
import { describeScope } from '../../core/model/scope-words.js';
import { count, figure } from '../words.js';

const FAST_MS = 5_000;
const SLOW_MS = 15_000;
const ROWS = 8;
const THREATS = 100;
const REMARKS = 4;

/** One look: is it working, who attacks, what is blocked. */
export function Overview() {
  const status = useAnswer('status', 'status', FAST_MS);
  const stats = useAnswer('stats', 'stats?top=8', SLOW_MS);
  const threats = useAnswer('threats', `threats?limit=${THREATS}`, FAST_MS);
  const blocks = useAnswer('blocks', `blocks?limit=${ROWS}`, FAST_MS);
  return (
    <div class="overview">
      <div class="answer">
        <Working status={status.data} />
        <Attacking stats={stats.data} threats={threats.data} />
        <Blocking stats={stats.data} blocks={blocks.data} />
      </div>
      <Failed failure={status.failure ?? stats.failure} />
      <Course />
      <Attackers threats={threats.data} />
      <Blocked blocks={blocks.data} />
      <Just />
      <div class="rankings">
        <Networks limit={ROWS} />
        {isCounted(stats.data) ? <Countries stats={stats.data} period="7d" /> : null}
        <Numbers stats={stats.data} period="7d" />
        <UserNames stats={stats.data} period="7d" />
        <Passwords limit={ROWS} more />
      </div>
    </div>
  );
}

/** Without a database of countries there is nothing to tell. */
const isCounted = (stats: Answers['stats'] | null): boolean =>
  (stats?.periods.all.countries.total ?? 0) > 0;

function Working({ status }: { readonly status: Answers['status'] | null }) {
  const ready = useAnswer('health', '../../readyz', FAST_MS);
  const now = useNow(1_000);
  const standing = status === null ? null : standingOf(status, ready.data);
  return (
    <div>
      <h2>Is it working?</h2>
      <p class={`headline tone-${standing?.tone ?? 'none'}`}>{standing?.headline ?? '…'}</p>
      {status === null ? null : (
        <p class="quiet">
          Listens on {listeningWords(status)}; started {timeAgo(status.started_at, now)}
          {status.blocking.mode === 'enforce' ? `; blocks with ${status.blocking.backend}` : ''}.
        </p>
      )}
      {standing === null || standing.remarks.length === 0 ? null : (
        <ul class="remarks">
          {standing.remarks.slice(0, REMARKS).map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Attacking(props: {
  readonly stats: Answers['stats'] | null;
  readonly threats: Answers['threats'] | null;
}) {
  const today = props.stats?.periods.today;
  const threats = props.threats?.threats ?? null;
  const worst = threats?.[0];
  const more = threats?.length === THREATS ? ' or more' : '';
  return (
    <div>
      <h2>Who attacks?</h2>
      <p class="headline">{threats === null ? '…' : `${count(threats.length, 'source')}${more}`}</p>
      <p class="quiet">
        scored in the last day
        {worst === undefined ? '' : ', most of all '}
        {worst === undefined ? null : <Source address={worst.address} />}.{' '}
        {today === undefined
          ? ''
          : `Today ${count(today.messages, 'message')} from ${count(today.sources, 'source')}.`}
      </p>
    </div>
  );
}

function Blocking(props: {
  readonly stats: Answers['stats'] | null;
  readonly blocks: Answers['blocks'] | null;
}) {
  const next = useAnswer('blocks', 'blocks?limit=1&sort=ends', SLOW_MS);
  const now = useNow(1_000);
  const today = props.stats?.periods.today;
  const ends = next.data?.blocks[0]?.expires_at ?? null;
  return (
    <div>
      <h2>What is blocked?</h2>
      <p class="headline">{props.blocks === null ? '…' : `${figure(props.blocks.total)} now`}</p>
      <p class="quiet">
        {ends === null ? '' : `The next block ends in ${timeLeft(ends, now)}. `}
        {today === undefined
          ? ''
          : `Today ${count(today.blocks, 'block')}, and ${count(today.packets_dropped, 'packet')} dropped.`}
      </p>
    </div>
  );
}

function Course() {
  const [span, setSpan] = useState<'hour' | 'day'>('hour');
  const bars = span === 'hour' ? 24 : 30;
  const { data, failure } = useAnswer('series', `series?span=${span}&bars=${bars}`, SLOW_MS);
  const total = data === null ? 0 : sum(data.values.map(({ counts }) => sum(counts)));
  return (
    <Section
      title="Attack types over time"
      class="course"
      aside={
        <Choice
          label="Time"
          options={[
            ['hour', '24 hours'],
            ['day', '30 days'],
          ]}
          value={span}
          onChange={setSpan}
        />
      }
    >
      <Failed failure={failure} />
      <AttackChart series={data} />
      <p class="hidden">{figure(total)} in all.</p>
    </Section>
  );
}

const whyOf = ({ why }: ThreatView): string => why[0]?.reason ?? '';

function Attackers({ threats }: { readonly threats: Answers['threats'] | null }) {
  return (
    <Section
      title="Who attacks"
      class="attackers"
      aside={<a href={placeOf('sources')}>All sources</a>}
    >
      {threats === null ? <Empty>…</Empty> : null}
      {threats?.threats.length === 0 ? <Empty>No source has scored in the last day.</Empty> : null}
      {threats === null || threats.threats.length === 0 ? null : (
        <Table
          label="Sources that scored in the last day, most points first"
          rows={threats.threats.slice(0, ROWS)}
          keyOf={({ address }) => address}
          columns={[
            { title: 'Source', cell: ({ address }) => <Source address={address} /> },
            {
              title: 'Attack type',
              cell: ({ why }) => <Attack type={why[0]?.attack_type ?? null} />,
            },
            { title: 'Points', class: 'number', cell: ({ points }) => figure(points) },
            { title: 'Seen', class: 'rank-2', cell: ({ last_at: at }) => <Ago at={at} /> },
            {
              title: 'Why',
              class: 'rank-1 text',
              cell: (threat) => <TwoLines text={whyOf(threat)} />,
            },
            { title: 'Standing', cell: (threat) => <Standing threat={threat} /> },
          ]}
        />
      )}
    </Section>
  );
}

function Blocked({ blocks }: { readonly blocks: Answers['blocks'] | null }) {
  const { open } = useSession();
  return (
    <Section
      title="Blocked now"
      class="blocked"
      aside={
        <>
          <button
            type="button"
            class="small"
            onClick={() => {
              open({ kind: 'block', target: '' });
            }}
          >
            Block…
          </button>
          <a href={placeOf('blocks')}>All blocks</a>
        </>
      }
    >
      {blocks === null ? <Empty>…</Empty> : null}
      {blocks?.blocks.length === 0 ? <Empty>Nothing is blocked now.</Empty> : null}
      {blocks === null || blocks.blocks.length === 0 ? null : (
        <Table
          label="Blocks in force, the newest first"
          rows={blocks.blocks}
          keyOf={({ id }) => id}
          columns={[
            { title: 'Target', cell: ({ target }) => <Target target={target} /> },
            { title: 'Blocked', class: 'rank-2', cell: (block) => describeScope(block) },
            { title: 'Left', class: 'number', cell: ({ expires_at: at }) => <Left until={at} /> },
            { title: 'Why', class: 'text', cell: ({ reason }) => <TwoLines text={reason} /> },
          ]}
        />
      )}
    </Section>
  );
}

const Just = () => (
  <Section title="Just now" class="just" aside={<a href={placeOf('events')}>All events</a>}>
    <EventTicker rows={ROWS} />
  </Section>
);
