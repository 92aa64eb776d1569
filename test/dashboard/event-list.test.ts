import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventView } from '../../src/api/views/event.js';
import {
  changeList,
  EMPTY_LIST,
  eventsQuery,
  NO_FILTER,
  shownRows,
  type EventList,
  type EventListChange,
} from '../../src/dashboard/data/event-list.js';

// Only these fields are looked at.
const event = (id: number, more: Partial<EventView> = {}): EventView =>
  ({ id, source_ip: '203.0.113.7', method: 'INVITE', attack_type: null, ...more }) as EventView;
const down = (from: number, to: number): EventView[] =>
  Array.from({ length: from - to + 1 }, (_, at) => event(from - at));

const came = (events: EventView[], rowsMax = 1_000): EventListChange => ({
  kind: 'came',
  events,
  filter: NO_FILTER,
  rowsMax,
});
const page = (
  events: EventView[],
  nextBefore: number | null,
  before: number | null = null,
): EventListChange => ({ kind: 'page', events, before, nextBefore });

const after = (...changes: EventListChange[]): EventList => changes.reduce(changeList, EMPTY_LIST);
const ids = ({ rows }: EventList): number[] => rows.map(({ id }) => id);

describe('a list of events', () => {
  it('joins what came while its first page was asked for', () => {
    const list = after(came([event(11), event(12)]), page(down(11, 9), 9));
    expect(ids(list)).toEqual([9, 10, 11, 12]);
    expect(list).toMatchObject({ nextBefore: 9, loaded: true });
  });

  it('grows backwards page by page, and knows its end', () => {
    const list = after(page(down(9, 7), 7), page(down(6, 5), null, 7));
    expect(ids(list)).toEqual([5, 6, 7, 8, 9]);
    expect(list.nextBefore).toBeNull();
  });

  it('joins the newest page after a break, and begins anew where that does not reach back', () => {
    const before = [page(down(9, 7), 7), page(down(6, 4), 4, 7)];
    const near = after(...before, page(down(12, 8), 8));
    expect({ ids: ids(near), next: near.nextBefore }).toEqual({
      ids: [4, 5, 6, 7, 8, 9, 10, 11, 12],
      next: 4,
    });
    const far = after(...before, page(down(30, 28), 28));
    expect({ ids: ids(far), next: far.nextBefore }).toEqual({ ids: [28, 29, 30], next: 28 });
  });

  it('has each event once and in order, whatever comes when', () => {
    const change = fc.oneof(
      fc
        .array(fc.nat(60), { minLength: 1, maxLength: 5 })
        .map((some) => came([...new Set(some)].sort((a, b) => a - b).map((id) => event(id)))),
      fc
        .tuple(fc.nat(60), fc.nat(5))
        .map(([from, rows]) => page(down(from, Math.max(0, from - rows)), 1)),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const found = ids(after(...changes));
        expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      }),
    );
  });

  it('stays as it is while it is held, and says how many wait', () => {
    const held = after(page(down(9, 8), 8), { kind: 'hold' }, came([event(10), event(11)]));
    expect(shownRows(held)).toEqual({ shown: 2, waiting: 2 });
    expect(shownRows(changeList(held, { kind: 'hold' }))).toEqual({ shown: 2, waiting: 2 });
    expect(shownRows(changeList(held, { kind: 'release' }))).toEqual({ shown: 4, waiting: 0 });
  });

  it('keeps no more rows than it may, and reads the others again', () => {
    const list = after(page(down(9, 5), null), came([event(10)], 3));
    expect({ ids: ids(list), next: list.nextBefore }).toEqual({ ids: [8, 9, 10], next: 8 });
    const held = after(page(down(9, 5), null), { kind: 'hold' }, came([event(10)], 3));
    expect(held.rows).toHaveLength(6);
  });

  it('takes what its filter lets through, counts what was left out', () => {
    const filter = { source: '203.0.113.7', attackType: 'flood', method: '' };
    const flood = event(3, { attack_type: 'flood' });
    const other = event(4, { attack_type: 'flood', source_ip: '203.0.113.8' });
    const list = after(
      { kind: 'came', events: [event(2), flood, other], filter, rowsMax: 10 },
      { kind: 'skipped', count: 5 },
    );
    expect({ ids: ids(list), leftOut: list.leftOut }).toEqual({ ids: [3], leftOut: 5 });
  });

  it('takes 100,000 rows in batches without choking', () => {
    let list = after(page(down(200, 1), null));
    const began = performance.now();
    for (let id = 201; id < 100_000; id += 500) {
      list = changeList(list, came(down(id + 499, id).reverse(), 100_000));
    }
    expect(list.rows.length).toBeGreaterThan(99_000);
    // Two hundred batches; the stream brings four in a second.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('is asked for by its filter', () => {
    expect(eventsQuery(NO_FILTER, 200, null)).toBe('limit=200');
    const filter = { source: '2001:db8::1', attackType: 'flood', method: 'A&B' };
    expect(eventsQuery(filter, 200, 7)).toBe(
      'limit=200&before=7&source=2001%3Adb8%3A%3A1&attack_type=flood&method=A%26B',
    );
  });
});
