import type { ListedEvent } from '../data/event-list.js';
import { useSession } from '../session.js';
import { shortTime } from '../../core/common/time-words.js';
import { clockTime } from '../words.js';
import { Attack, Source } from './common.js';
import type { TableColumn } from './table.js';

const methodOf = ({ kind, method, status_code: status }: ListedEvent): string => {
  if (kind === 'response') return `response ${status ?? '?'}`;
  return kind === 'other' ? 'no SIP' : (method ?? '–');
};

function Time({ row }: { readonly row: ListedEvent }) {
  const { open } = useSession();
  return (
    <button
      type="button"
      class="link"
      title={`${shortTime(row.timestamp)} UTC`}
      aria-label={`Event of ${shortTime(row.timestamp)}: all of it`}
      onClick={() => {
        open({ kind: 'event', id: row.id });
      }}
    >
      {clockTime(row.timestamp)}
    </button>
  );
}

const orDash = (text: string | null) =>
  text === null ? <span class="quiet">–</span> : <bdi title={text}>{text}</bdi>;

/** As `events list` has them, and in its order of what is left out first. */
export const EVENT_COLUMNS: readonly TableColumn<ListedEvent>[] = [
  { title: 'Time (UTC)', class: 'c-time', cell: (row) => <Time row={row} /> },
  { title: 'Source', class: 'c-source clip', cell: ({ source_ip: ip }) => <Source address={ip} /> },
  { title: 'Method', class: 'c-method clip', cell: (row) => <bdi>{methodOf(row)}</bdi> },
  {
    title: 'User',
    class: 'c-user clip',
    cell: ({ called_number: called, auth_user: auth, to_user: to }) => orDash(called ?? auth ?? to),
  },
  {
    title: 'Answer',
    class: 'c-answer number',
    cell: ({ answered_status: answer }) => answer ?? '–',
  },
  { title: 'Score', class: 'c-score number', cell: ({ score }) => String(Math.round(score)) },
  {
    title: 'Attack type',
    class: 'c-attack',
    cell: ({ attack_type: type }) => <Attack type={type} />,
  },
  { title: 'Via', class: 'c-via', cell: ({ transport_type: via }) => via.toLowerCase() },
  { title: 'Proof', class: 'c-proof', cell: ({ proof }) => proof },
  {
    title: 'User agent',
    class: 'c-agent clip',
    cell: ({ sip_user_agent: agent }) => orDash(agent),
  },
];
