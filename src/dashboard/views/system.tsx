import type { Answers } from '../../api/answers.js';
import type { JobView, PeerView, StatusView } from '../../api/views.js';
import { listeningWords, lostWords, standingOf } from '../data/health.js';
import { Ago, Empty, Failed, Left, Pairs, Section } from '../parts/common.js';
import { Table } from '../parts/table.js';
import { useAnswer, useSession } from '../session.js';
import { shortTime } from '../../core/common/time-words.js';
import { count, figure, formatBytes, plainName } from '../words.js';

const EVERY_MS = 5_000;

/** Health, jobs, and who is never blocked. */
export function System() {
  const status = useAnswer('status', 'status', EVERY_MS);
  const ready = useAnswer('health', '../../readyz', EVERY_MS);
  const jobs = useAnswer('jobs', 'jobs', EVERY_MS);
  const protect = useAnswer('protect', 'protect', EVERY_MS);
  return (
    <>
      <Failed failure={status.failure ?? ready.failure} />
      <div class="halves">
        <Health status={status.data} ready={ready.data} />
        <Agent status={status.data} />
      </div>
      <Jobs jobs={jobs.data?.jobs ?? null} />
      <Protected peers={protect.data?.protect ?? null} />
    </>
  );
}

function Health(props: {
  readonly status: StatusView | null;
  readonly ready: Answers['health'] | null;
}) {
  const { status, ready } = props;
  const standing = status === null ? null : standingOf(status, ready);
  const lost = status === null ? [] : lostWords(status);
  return (
    <Section title="Health">
      <p class={`headline tone-${standing?.tone ?? 'none'}`}>{standing?.headline ?? '…'}</p>
      {standing === null || standing.remarks.length === 0 ? null : (
        <ul class="remarks">
          {standing.remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
      <ul class="checks">
        {Object.entries(ready?.checks ?? {}).map(([name, ok]) => (
          <li key={name} class={ok ? 'tone-good' : 'tone-bad'}>
            {plainName(name)}: {ok ? 'yes' : 'no'}
          </li>
        ))}
      </ul>
      {status !== null && lost.length === 0 ? <p class="quiet">Nothing was lost.</p> : null}
    </Section>
  );
}

function Agent({ status }: { readonly status: StatusView | null }) {
  if (status === null) return null;
  const { blocking, store } = status;
  return (
    <Section title="Agent">
      <Pairs
        pairs={[
          ['version', status.version],
          ['process', status.pid],
          ['started', <Ago at={status.started_at} />],
          ['listens on', listeningWords(status)],
          ['configuration', status.configuration_file ?? 'none: a trial'],
          ['blocking', `${blocking.mode}, ${blocking.backend}: ${blocking.why}`],
          [
            'in the firewall',
            blocking.actual === null
              ? 'not compared yet'
              : `${figure(blocking.actual)} of ${figure(blocking.desired)}`,
          ],
          ['repairs', blocking.repairs === 0 ? null : figure(blocking.repairs)],
          ['last repair', blocking.last_repair],
          ['events kept', store.events === null ? null : figure(store.events)],
          ['database', store.database_bytes === null ? null : formatBytes(store.database_bytes)],
          ['waiting to be stored', store.queued === 0 ? null : count(store.queued, 'row')],
          ...status.remote_logs.map(
            (log) => [log.name, log.last_error ?? `${figure(log.sent)} sent`] as const,
          ),
          ...status.sensors.map(
            ({ sensor, trouble, taken, where }) =>
              [`sensor ${sensor}`, trouble ?? `${where ?? ''}, ${figure(taken)} taken`] as const,
          ),
        ]}
      />
    </Section>
  );
}

function Jobs({ jobs }: { readonly jobs: readonly JobView[] | null }) {
  const { open } = useSession();
  return (
    <Section title="Jobs">
      {jobs === null ? <Empty>…</Empty> : null}
      {jobs === null ? null : (
        <Table
          label="Scheduled jobs"
          rows={jobs}
          keyOf={({ name }) => name}
          columns={[
            {
              title: 'Job',
              cell: ({ name, description }) => <span title={description}>{name}</span>,
            },
            { title: 'Last result', cell: (job) => <Result job={job} /> },
            {
              title: 'Finished',
              class: 'rank-2',
              cell: ({ last_finished_at: at }) => <Ago at={at} />,
            },
            {
              title: 'What came of it',
              class: 'rank-1 text',
              cell: (job) => job.last_detail ?? '',
            },
            {
              title: 'Runs again in',
              class: 'rank-2 number',
              cell: ({ next_run_at: at }) => (at === null ? '–' : <Left until={at} />),
            },
            {
              title: 'Action',
              cell: ({ name }) => (
                <button
                  type="button"
                  class="small"
                  aria-label={`Run ${name} now`}
                  onClick={() => {
                    open({ kind: 'job', name });
                  }}
                >
                  Run…
                </button>
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

function Result({
  job: { running, last_result: result, last_started_at: at },
}: {
  readonly job: JobView;
}) {
  if (running) return <span>running</span>;
  if (result === null) return <span class="quiet">not run yet</span>;
  return (
    <span
      class={result === 'ok' ? 'tone-good' : 'tone-bad'}
      title={at === null ? '' : shortTime(at)}
    >
      {result}
    </span>
  );
}

function Protected({ peers }: { readonly peers: readonly PeerView[] | null }) {
  const { open } = useSession();
  return (
    <Section
      title="Never blocked"
      aside={
        <button
          type="button"
          onClick={() => {
            open({ kind: 'protect', name: '' });
          }}
        >
          Protect…
        </button>
      }
    >
      {peers === null ? (
        <Empty>…</Empty>
      ) : (
        <Table
          label="Peers that are never blocked"
          rows={peers}
          keyOf={({ target, from }) => `${target} ${from}`}
          columns={[
            { title: 'Target', class: 'address', cell: ({ target }) => target },
            { title: 'From', class: 'text', cell: ({ from }) => from },
            { title: 'Action', cell: (peer) => <Unprotect peer={peer} /> },
          ]}
        />
      )}
    </Section>
  );
}

/** What the configuration or the agent itself protects is not ended here. */
function Unprotect({ peer: { target, from } }: { readonly peer: PeerView }) {
  const { open } = useSession();
  if (from !== 'protect add' && !from.startsWith('protect add:')) return null;
  return (
    <button
      type="button"
      class="small"
      aria-label={`Unprotect ${target}`}
      onClick={() => {
        open({ kind: 'unprotect', name: target });
      }}
    >
      Unprotect…
    </button>
  );
}
