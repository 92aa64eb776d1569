import { useState } from 'preact/hooks';
import { ATTACK_ORDER } from '../data/stack.js';
import { shownRows, type EventChoice } from '../data/event-list.js';
import { Empty, Failed } from '../parts/common.js';
import { SelectField } from '../parts/fields.js';
import { EVENT_COLUMNS } from '../parts/event-columns.js';
import { LongTable } from '../parts/long-table.js';
import { useEvents } from '../parts/use-events.js';
import { attackWords, count } from '../words.js';

const METHODS = ['REGISTER', 'INVITE', 'OPTIONS', 'ACK', 'BYE', 'CANCEL', 'SUBSCRIBE', 'MESSAGE'];
const ATTACKS = [
  ['', 'all'],
  ...ATTACK_ORDER.map((type) => [type, attackWords(type)] as const),
] as const;

/** What comes in, as it comes, and back to the first that is kept. */
export function Events({ words }: { readonly words: URLSearchParams }) {
  const [filter, setFilter] = useState<EventChoice>({
    source: words.get('source') ?? '',
    attackType: words.get('attack_type') ?? '',
    method: words.get('method') ?? '',
  });
  const { list, readOlder, dispatch } = useEvents(filter);
  const { shown, waiting } = shownRows(list);
  const [paused, setPaused] = useState(false);
  const [jumps, setJumps] = useState(0);
  // The newest stands first; behind the last there is one more row while older ones can be read.
  const total = shown + (list.nextBefore === null ? 0 : 1);
  const follow = (): void => {
    setPaused(false);
    setJumps(jumps + 1);
    dispatch({ kind: 'release' });
  };
  return (
    <section aria-label="Events">
      <div class="tools">
        <Filters filter={filter} onFilter={setFilter} />
        <Following
          paused={paused}
          waiting={waiting}
          onGoOn={follow}
          onPause={() => {
            setPaused(true);
            dispatch({ kind: 'hold' });
          }}
        />
      </div>
      <Failed failure={list.failure} />
      {list.leftOut > 0 ? (
        <p class="note">
          {count(list.leftOut, 'event')} came too fast for this page and were left out; they are in
          the database.
        </p>
      ) : null}
      {list.loaded && total === 0 ? <Empty>Nothing of this kind has come yet.</Empty> : null}
      <LongTable
        label="Events, the newest first"
        name="events"
        columns={EVENT_COLUMNS}
        total={total}
        reset={`${filter.source} ${filter.attackType} ${filter.method} ${jumps}`}
        rowAt={(at) => list.rows[shown - 1 - at] ?? null}
        keyOf={({ id }) => id}
        onRange={(_first, end) => {
          if (end >= shown) readOlder();
        }}
        onTop={(top) => {
          if (!top) dispatch({ kind: 'hold' });
          else if (!paused) dispatch({ kind: 'release' });
        }}
      />
    </section>
  );
}

function Following(props: {
  readonly paused: boolean;
  readonly waiting: number;
  readonly onGoOn: () => void;
  readonly onPause: () => void;
}) {
  const { paused, waiting, onGoOn, onPause } = props;
  return (
    <>
      <button type="button" aria-pressed={paused} onClick={paused ? onGoOn : onPause}>
        {paused ? 'Go on' : 'Pause'}
      </button>
      {waiting > 0 ? (
        <button type="button" class="main" onClick={onGoOn}>
          {count(waiting, 'newer event')}
        </button>
      ) : null}
    </>
  );
}

function Filters(props: {
  readonly filter: EventChoice;
  readonly onFilter: (filter: EventChoice) => void;
}) {
  const { filter, onFilter } = props;
  return (
    <>
      <SourceFilter
        value={filter.source}
        onChange={(source) => {
          onFilter({ ...filter, source });
        }}
      />
      <SelectField
        label="Attack type"
        options={ATTACKS}
        value={filter.attackType}
        onChange={(attackType) => {
          onFilter({ ...filter, attackType });
        }}
      />
      <SelectField
        label="Method"
        options={[['', 'all'], ...METHODS.map((each) => [each, each] as const)]}
        value={filter.method}
        onChange={(method) => {
          onFilter({ ...filter, method });
        }}
      />
    </>
  );
}

/** Asked for when it is whole: each letter would be a question of its own. */
function SourceFilter(props: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const [text, setText] = useState(props.value);
  return (
    <form
      class="field"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        props.onChange(text.trim());
      }}
    >
      <label for="source-filter">Source</label>
      <input
        id="source-filter"
        type="search"
        placeholder="all, or an address"
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          if (event.currentTarget.value === '') props.onChange('');
        }}
        onBlur={() => {
          props.onChange(text.trim());
        }}
      />
    </form>
  );
}
