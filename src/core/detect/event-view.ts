import type { TrapEvent } from '../model/event.js';
import { FIELDS } from './fields.js';
import type { Field, FieldValue } from './fields.js';

/**
 * The `event` of conditions: one object that looks at another event each time. A field is read
 * when a condition first asks for it, and at most once an event, however many rules ask. Everything
 * is synchronous, so one view is enough for the whole program.
 */
interface View {
  event: TrapEvent | null;
  /** Grows with each event; a value read under another stamp is out of date. */
  stamp: number;
}

export type FieldReader = () => FieldValue;

const view: View = { event: null, stamp: 0 };

const READERS: ReadonlyMap<Field, FieldReader> = new Map(
  FIELDS.map((field) => [field, createReader(field)]),
);

/** Turns the view to an event; null when there is nothing to look at any more. */
export function lookAt(event: TrapEvent | null): void {
  view.event = event;
  view.stamp += 1;
}

/** The event looked at. Throws when there is none: a fault in the program. */
export function viewedEvent(): TrapEvent {
  if (view.event === null) throw new TypeError('the event view looks at no event');
  return view.event;
}

/** Reads a field of the event looked at. */
export const readerOf = (field: Field): FieldReader => READERS.get(field) ?? createReader(field);

/** cel-js knows a registered type by `value.constructor`; nothing ever calls it. */
export function EventType(): void {
  throw new TypeError('Event is a type name of the condition language');
}

// Object.create is untyped; what it makes is an object.
export const EVENT_VIEW = Object.create(Object.prototype, {
  constructor: { value: EventType },
  ...Object.fromEntries(FIELDS.map((field) => [field.name, { get: getterOf(field) }])),
}) as object;

/** A reader that remembers what it read of the event looked at. */
export function createReader<V>({ read }: { readonly read: (event: TrapEvent) => V }): () => V {
  let stamp = 0;
  let value: V;
  return () => {
    if (stamp !== view.stamp) {
      value = read(viewedEvent());
      stamp = view.stamp;
    }
    return value;
  };
}

/** CEL's int is a BigInt in cel-js. */
function getterOf(field: Field): () => unknown {
  const read = readerOf(field);
  return field.type === 'int' ? () => BigInt(Number(read())) : read;
}
