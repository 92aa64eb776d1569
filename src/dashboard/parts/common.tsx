import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { wordsOfFailure } from '../data/client.js';
import { storyOf } from '../data/place.js';
import { useNow } from '../session.js';
import { shortTime, timeAgo, timeLeft } from '../../core/common/time-words.js';
import { addressOf, attackWords, shortTarget } from '../words.js';

/** A part of the page with a heading of its own. */
export function Section(props: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={props.class ?? ''} aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

export function Failed({ failure }: { readonly failure: unknown }) {
  if (failure === null) return null;
  const { message, remedy } = wordsOfFailure(failure);
  return (
    <p class="failed">
      <strong>{message}.</strong> {remedy}.
    </p>
  );
}

export const Empty = ({ children }: { readonly children: ComponentChildren }) => (
  <p class="empty">{children}</p>
);

export const Attack = ({ type }: { readonly type: string | null }) =>
  type === null ? (
    <span class="quiet">–</span>
  ) : (
    <span class={`attack attack-${type}`}>{attackWords(type)}</span>
  );

/** Leads to the story of a source. */
export const Source = ({ address }: { readonly address: string }) => (
  <a class="address" href={storyOf(address)} title={address}>
    {address}
  </a>
);

/** A network has no story of its own: that of its first address is told. */
export const Target = ({ target }: { readonly target: string }) => (
  <a class="address" href={storyOf(addressOf(target))}>
    {shortTarget(target)}
  </a>
);

export function Ago({ at }: { readonly at: string | null }) {
  const now = useNow(5_000);
  return at === null ? (
    <span class="quiet">never</span>
  ) : (
    <time dateTime={at} title={`${shortTime(at)} UTC`}>
      {timeAgo(at, now)}
    </time>
  );
}

export function Left({ until }: { readonly until: string | null }) {
  const now = useNow(1_000);
  const text = timeLeft(until, now);
  return until === null ? (
    <span>{text}</span>
  ) : (
    <time dateTime={until} title={`until ${shortTime(until)} UTC`}>
      {text}
    </time>
  );
}

/** A choice of few, of which one holds. */
export function Choice<T extends string>(props: {
  readonly label: string;
  readonly options: readonly (readonly [T, string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="hidden">{props.label}</legend>
      {props.options.map(([value, text]) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            checked={value === props.value}
            onChange={() => {
              props.onChange(value);
            }}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Name and value, line by line; a value that is null or empty is left out. */
export const Pairs = (props: {
  readonly pairs: readonly (readonly [string, ComponentChildren])[];
}) => (
  <dl class="pairs">
    {props.pairs
      .filter(([, value]) => value !== null && value !== '')
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);

/** A sentence that may be long: two lines of it, and all of it for who points at it. */
export const TwoLines = ({ text }: { readonly text: string }) => (
  <span class="two-lines" title={text}>
    {text}
  </span>
);
