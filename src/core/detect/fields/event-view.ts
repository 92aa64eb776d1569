import type { TrapEvent } from '../../model/event.js';
import { FIELDS } from './fields.js';
import type { Field, FieldValue } from './fields.js';
import { hashText } from './hash.js';
import type { Hash } from './hash.js';

/**
 * The `event` of conditions: one object that looks at another event each time. A field is read
 * when a condition first asks for it, and at most once an event, however many rules ask. Everything
 * is synchronous, so one view is enough for the whole program.
 */
interface View {
  event: TrapEvent | null;
  /** Grows with each event; a value read under another stamp is out of date. */
  stamp: number;
  /** Seed of the hashes of this event's values. */
  seed: number;
}

export type FieldReader = () => FieldValue;
/** The hash of a field's value; null when the field is missing. */
export type HashReader = () => Hash | null;

const view: View = { event: null, stamp: 0, seed: 0 };

const READERS: ReadonlyMap<Field, FieldReader> = new Map(
  FIELDS.map((field) => [field, createReader(field)]),
);
const HASH_READERS: ReadonlyMap<Field, HashReader> = new Map(
  FIELDS.map((field) => [field, createHashReader(field)]),
);

/** Turns the view to an event; null when there is nothing to look at any more. */
export function lookAt(event: TrapEvent | null, seed = 0): void {
  view.event = event;
  view.seed = seed;
  view.stamp += 1;
}

/** Another number for each event looked at. */
export const viewStamp = (): number => view.stamp;
export const viewSeed = (): number => view.seed;

/** The event looked at. Throws when there is none: a fault in the program. */
export function viewedEvent(): TrapEvent {
  if (view.event === null) throw new TypeError('the event view looks at no event');
  return view.event;
}

/** Reads a field of the event looked at. */
export function readerOf(field: Field): FieldReader {
  return READERS.get(field) ?? createReader(field);
}

export function hashReaderOf(field: Field): HashReader {
  return HASH_READERS.get(field) ?? createHashReader(field);
}

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

function createHashReader(field: Field): HashReader {
  const read: FieldReader =
    field.counted === undefined ? readerOf(field) : createReader({ read: field.counted });
  const hash: Hash = { lo: 0, hi: 0 };
  let stamp = 0;
  let missing = true;
  let seed = 0;
  // Many values are the same from event to event: ports, our address, a tool's name of itself.
  let hashed: FieldValue = '';
  return () => {
    if (stamp !== view.stamp) {
      const value = read();
      stamp = view.stamp;
      missing = value === '' || value === -1;
      if (!missing && (value !== hashed || seed !== view.seed)) {
        hashText(hash, typeof value === 'string' ? value : String(value), view.seed);
        hashed = value;
        seed = view.seed;
      }
    }
    return missing ? null : hash;
  };
}

/** CEL's int is a BigInt in cel-js. */
function getterOf(field: Field): () => unknown {
  const read = readerOf(field);
  return field.type === 'int' ? () => BigInt(Number(read())) : read;
}
