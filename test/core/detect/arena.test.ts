import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cellsOf, createArena, giveBlock, takeBlock } from '../../../src/core/detect/arena.js';
import {
  addEntry,
  addList,
  dropBlock,
  giveBack,
  LIST,
  LIST_HEAD,
  LISTED,
  offsetOf,
  readDirectory,
  roomOf,
} from '../../../src/core/detect/group-block.js';
import type { Shelf } from '../../../src/core/detect/group-block.js';
import { addKey, createKeyTable, dropOldest, valueOf } from '../../../src/core/detect/key-table.js';

const HEAD = 2;

it('keeps what is in blocks of all sizes, however they come and go, and loses no room', () => {
  const size = fc.oneof(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 4, max: 8_192 }));
  const step = fc.record({ cells: size, gives: fc.boolean(), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const arena = createArena(500_000);
      /** By owner: the block. */
      const blocks = new Map<number, number>();
      steps.forEach(({ cells, gives, which }, index) => {
        const owner = index + 1;
        if (gives && blocks.size > 0) {
          const [gone, block] = [...blocks][which % blocks.size] ?? [0, 0];
          blocks.delete(gone);
          const moved = giveBlock(arena, block);
          if (moved !== 0) blocks.set(arena.ints[moved] ?? 0, moved);
          return;
        }
        const block = takeBlock(arena, cells, owner);
        expect(cellsOf(arena, block)).toBeGreaterThanOrEqual(cells);
        expect(arena.ints.subarray(block + HEAD, block + cells).every((cell) => cell === 0)).toBe(
          true,
        );
        arena.ints.fill(owner, block + HEAD, block + cellsOf(arena, block));
        blocks.set(owner, block);
      });
      for (const [owner, block] of blocks) {
        expect(arena.ints[block]).toBe(owner);
        const content = arena.ints.subarray(block + HEAD, block + cellsOf(arena, block));
        expect(content.every((cell) => cell === owner)).toBe(true);
      }
      for (const owner of [...blocks.keys()]) {
        const moved = giveBlock(arena, blocks.get(owner) ?? 0);
        blocks.delete(owner);
        if (moved !== 0) blocks.set(arena.ints[moved] ?? 0, moved);
      }
      expect(arena.used).toBe(0);
      expect(arena.freePages.length).toBe(arena.nextPage - 1);
    }),
    { numRuns: 50 },
  );
});

it('gives no block where there is no room, and one again when another was given back', () => {
  const arena = createArena(0);
  const blocks: number[] = [];
  for (let block = 1; block !== 0;) {
    block = takeBlock(arena, 8_192, 1);
    if (block !== 0) blocks.push(block);
  }
  expect(blocks).toHaveLength(arena.pagesMax - 1);
  expect(takeBlock(arena, 8, 1)).toBe(0);
  giveBlock(arena, blocks[0] ?? 0);
  expect(takeBlock(arena, 8, 1)).not.toBe(0);
});

interface Entry {
  readonly place: number;
  value: number;
  /** Cells of its list; 0: it has none. */
  room: number;
}

it('keeps the entries and lists of groups while others move', () => {
  const step = fc.record({
    group: fc.nat(4),
    word: fc.nat(40),
    cells: fc.integer({ min: 1, max: 120 }),
    drops: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 250 }), (steps) => {
      const shelf: Shelf = { arena: createArena(1_000_000), keys: createKeyTable(1_000) };
      const { arena, keys } = shelf;
      const groups = new Map<number, { group: number; entries: Map<number, Entry> }>();
      const cellAt = (group: number, { place }: Entry, cell: number): number =>
        valueOf(keys, group) + offsetOf(place) + cell;
      steps.forEach(({ group: name, word, cells, drops }, index) => {
        if (drops && index % 7 === 0) {
          // The one used longest ago goes, whichever was asked for.
          const oldest = [...groups.keys()][0];
          const gone = oldest === undefined ? undefined : groups.get(oldest);
          if (oldest === undefined || gone === undefined) return;
          const words: number[] = [];
          dropBlock(shelf, gone.group, (each) => words.push(each));
          dropOldest(keys);
          groups.delete(oldest);
          expect(new Set(words)).toEqual(new Set(gone.entries.keys()));
          return;
        }
        const known = groups.get(name) ?? {
          group: addKey(keys, { lo: name, hi: index }, index),
          entries: new Map<number, Entry>(),
        };
        groups.set(name, known);
        const { group, entries } = known;
        const entry = entries.get(word);
        if (entry === undefined) {
          const place = addEntry(shelf, group, word, 6);
          entries.set(word, { place, value: index, room: 0 });
          arena.ints[valueOf(keys, group) + offsetOf(place) + 5] = index;
          return;
        }
        const before = entry.room === 0 ? 0 : (arena.ints[cellAt(group, entry, LIST)] ?? 0);
        const list = addList(shelf, group, word, cells);
        arena.ints.fill(index, list + LIST_HEAD, list + LIST_HEAD + roomOf(arena, list));
        entry.room = roomOf(arena, list);
        entry.value = index;
        if (before !== 0) giveBack(shelf, before);
        arena.ints[cellAt(group, entry, 5)] = index;
      });
      for (const { group, entries } of groups.values()) {
        const places = new Int32Array(100);
        const block = valueOf(keys, group);
        readDirectory(arena, block, cellsOf(arena, block), 0, places);
        for (const [word, entry] of entries) {
          expect(offsetOf(places[word] ?? 0)).toBe(offsetOf(entry.place));
          expect(((places[word] ?? 0) & LISTED) !== 0).toBe(entry.room > 0);
          expect(arena.ints[cellAt(group, entry, 5)]).toBe(entry.value);
          if (entry.room === 0) continue;
          const things = (arena.ints[cellAt(group, entry, LIST)] ?? 0) + LIST_HEAD;
          const list = [...arena.ints.subarray(things, things + entry.room)];
          expect(list.every((cell) => cell === entry.value)).toBe(true);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('refuses a list for an entry that is not there, and does not look for it for ever', () => {
  const shelf: Shelf = { arena: createArena(10_000), keys: createKeyTable(10) };
  const group = addKey(shelf.keys, { lo: 1, hi: 1 }, 0);
  addEntry(shelf, group, 7, 6);
  expect(addList(shelf, group, 7, 10)).not.toBe(0);
  expect(() => addList(shelf, group, 8, 10)).toThrow(RangeError);
});
