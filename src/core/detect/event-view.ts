import type { TrapEvent } from '../model/event.js';
import { FIELDS } from './fields.js';
import type { Field } from './fields.js';

/**
 * The `event` of conditions. It is one object that looks at another event each time: its fields
 * are getters on the prototype, so that a condition pays only for what it reads.
 */
export interface EventView {
  current: TrapEvent | null;
}

/** cel-js knows a registered type by `value.constructor`; nothing ever calls it. */
export function EventType(): void {
  throw new TypeError('Event is a type name of the condition language');
}

// Object.create is untyped; what it makes is an object.
const VIEW_PROTOTYPE = Object.create(Object.prototype, {
  constructor: { value: EventType },
  ...Object.fromEntries(FIELDS.map((field) => [field.name, { get: getterOf(field) }])),
}) as object;

/** A view that looks at nothing yet. */
export function createEventView(): EventView {
  const view: unknown = Object.create(VIEW_PROTOTYPE, {
    current: { value: null, writable: true },
  });
  // Object.create is untyped; the one property of EventView is the one made here.
  return view as EventView;
}

/** The event that a view looks at. Throws when it looks at none: a fault in the program. */
export function viewedEvent(view: EventView): TrapEvent {
  if (view.current === null) throw new TypeError('the event view looks at no event');
  return view.current;
}

/** CEL's int is a BigInt in cel-js. */
function getterOf(field: Field): (this: EventView) => unknown {
  const { read } = field;
  if (field.type !== 'int') return readAsIs;
  return function readInt(this: EventView): bigint {
    return BigInt(Number(read(viewedEvent(this))));
  };
  function readAsIs(this: EventView): unknown {
    return read(viewedEvent(this));
  }
}
