import { useState } from 'preact/hooks';
import type { NumberView } from '../../api/views/number.js';
import { Ago, Choice, Empty, Failed, Section, Source } from '../parts/common.js';
import {
  CalledCountries,
  Countries,
  Networks,
  Passwords,
  UserAgents,
  UserNames,
} from '../parts/rankings.js';
import { Table } from '../parts/table.js';
import { useAnswer } from '../session.js';
import { figure } from '../words.js';

const EVERY_MS = 15_000;
type Period = 'today' | '7d' | 'all';

/** What attackers tried: numbers, user names, passwords. */
export function Tried() {
  const [period, setPeriod] = useState<Period>('7d');
  const { data, failure } = useAnswer('stats', 'stats?top=50', EVERY_MS);
  const of = { stats: data, period };
  return (
    <>
      <div class="tools">
        <Choice
          label="Time"
          options={[
            ['today', 'today'],
            ['7d', '7 days'],
            ['all', 'all'],
          ]}
          value={period}
          onChange={setPeriod}
        />
        <p class="quiet">UTC days; numbers, networks and passwords are those of seven days.</p>
      </div>
      <Failed failure={failure} />
      <Dialled />
      <div class="rankings">
        <UserNames {...of} />
        <Passwords limit={50} more={false} />
        <UserAgents {...of} />
        <CalledCountries {...of} />
        <Countries {...of} />
        <Networks limit={50} />
      </div>
    </>
  );
}

function Dialled() {
  const { data, failure } = useAnswer('numbers', 'numbers?sort=calls&limit=50&since=7d', EVERY_MS);
  const numbers = data?.numbers ?? null;
  return (
    <Section title="Numbers dialled">
      <Failed failure={failure} />
      {numbers === null ? <Empty>…</Empty> : null}
      {numbers?.length === 0 ? <Empty>No number was dialled.</Empty> : null}
      {numbers === null || numbers.length === 0 ? null : (
        <Table
          label="Numbers dialled, most calls first"
          rows={numbers}
          keyOf={({ number }) => number}
          columns={[
            { title: 'Number', class: 'address clip', cell: ({ number }) => <bdi>{number}</bdi> },
            { title: 'Country', cell: ({ country }) => country ?? '–' },
            { title: 'Type', class: 'rank-2', cell: (number) => <Kind number={number} /> },
            { title: 'Calls', class: 'number', cell: ({ calls }) => figure(calls) },
            {
              title: 'Last seen',
              class: 'rank-2',
              cell: ({ last_seen_at: at }) => <Ago at={at} />,
            },
            {
              title: 'Last source',
              class: 'rank-1 clip',
              cell: ({ last_source: address }) => <Source address={address} />,
            },
            {
              title: 'Written as',
              class: 'rank-1 text',
              cell: ({ forms, forms_total: all }) => <Forms forms={forms} all={all} />,
            },
          ]}
        />
      )}
    </Section>
  );
}

const Kind = ({ number: { type, high_risk: risk } }: { readonly number: NumberView }) => (
  <>
    {type.replaceAll('_', ' ')}
    {risk ? <strong class="tone-bad"> high risk</strong> : null}
  </>
);

const FORMS_SHOWN = 4;

const Forms = ({ forms, all }: { readonly forms: readonly string[]; readonly all: number }) => (
  <bdi>
    {forms.slice(0, FORMS_SHOWN).join(' ')}
    {all > FORMS_SHOWN ? ` and ${all - FORMS_SHOWN} more` : ''}
  </bdi>
);
