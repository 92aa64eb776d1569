import type { RuleView } from '../../api/views.js';
import { Attack, Empty, Failed } from '../parts/common.js';
import { Table } from '../parts/table.js';
import { useAnswer } from '../session.js';
import { figure } from '../words.js';

const EVERY_MS = 15_000;

/** The detection rules in force, and what each saw in a day. */
export function Rules() {
  const { data, failure } = useAnswer('rules', 'rules', EVERY_MS);
  const rules = [...(data?.rules ?? [])].sort(
    (a, b) => b.sightings_24h - a.sightings_24h || a.id.localeCompare(b.id),
  );
  return (
    <section aria-label="Rules">
      <Failed failure={failure} />
      {data === null ? <Empty>…</Empty> : null}
      {rules.length === 0 ? null : (
        <Table
          label="Detection rules, those that fired most in a day first"
          rows={rules}
          keyOf={({ id }) => id}
          columns={[
            { title: 'Rule', class: 'name', cell: (rule) => <Rule rule={rule} /> },
            { title: 'Attack type', cell: ({ attack_type: type }) => <Attack type={type} /> },
            { title: 'Severity', class: 'rank-1', cell: ({ severity }) => severity },
            { title: 'Points', class: 'number', cell: ({ points }) => figure(points) },
            {
              title: 'Sightings, 24 h',
              class: 'number',
              cell: ({ sightings_24h: times }) => figure(times),
            },
            {
              title: 'Blocks, 24 h',
              class: 'number rank-2',
              cell: ({ blocks_24h: times }) => figure(times),
            },
          ]}
        />
      )}
    </section>
  );
}

const Rule = ({ rule }: { readonly rule: RuleView }) => (
  <details>
    <summary>
      {rule.id}
      {rule.fault === null ? null : <strong class="tone-bad"> does not work</strong>}
    </summary>
    {rule.fault === null ? null : <p class="failed">{rule.fault}</p>}
    <p>
      <code>{rule.condition}</code>
    </p>
    <p class="quiet">
      version {rule.version}, {rule.source_file}
    </p>
  </details>
);
