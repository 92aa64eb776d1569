/**
 * Blocks of 32-bit cells, of many sizes, in one array. Each size has its blocks one after another in
 * pages of its own: where one is given back, the last of its size moves into its place, and a page
 * that became empty serves any size. So no room is lost between blocks however they come and go, and
 * to take or give back costs the copy of one block.
 * A block begins with its head: whose it is (0, the owner's business) and its size (1, an index).
 * Block 0 is none: it stands for "nothing" in every link.
 */
export interface Arena {
  ints: Int32Array;
  /** The same memory as doubles: cell n and n + 1 of it, n even, are double n / 2. */
  doubles: Float64Array;
  readonly pagesMax: number;
  /** The next page that was never used. */
  nextPage: number;
  readonly freePages: number[];
  readonly sizes: readonly Size[];
  /** Cells of all blocks in use, with what their pages lose at the end. */
  used: number;
}

interface Size {
  readonly cells: number;
  readonly perPage: number;
  /** Cells that one block costs. */
  readonly charge: number;
  /** Where its pages begin. */
  readonly pages: number[];
  /** Blocks in use. */
  count: number;
}

export const OWNER = 0;
const SIZE_INDEX = 1;
const PAGE_CELLS = 8_192;
/** The largest block. */
export const BLOCK_CELLS_MAX = PAGE_CELLS;
/** Enough for a quiet agent. Whatever needs more gets all it may have at once. */
const FIRST_PAGES = 32;
/** Of blocks up to so many cells, a loop is quicker than a call. */
const FEW_CELLS = 64;

/** A step of 4 cells, then of a fourth to an eighth, then what divides a page. */
const SIZES: readonly number[] = [
  ...[8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 224, 256],
  ...[320, 384, 448, 512, 628, 744, 908, 1_024, 1_364, 1_636, 2_048, 2_728, 4_096, 8_192],
];

const CELLS = Int32Array.from(SIZES);

/** The size of a block by its fourth of cells, rounded up. */
const SIZE_OF = Uint8Array.from({ length: PAGE_CELLS / 4 + 1 }, (_, quarter) =>
  SIZES.findIndex((cells) => cells >= quarter * 4),
);

/** Room for `cellsMax` cells in use, whatever the sizes of the blocks: each may have one page begun. */
export function createArena(cellsMax: number): Arena {
  const pagesMax = 1 + Math.ceil(cellsMax / PAGE_CELLS) + 2 * SIZES.length;
  const ints = new Int32Array(Math.min(FIRST_PAGES, pagesMax) * PAGE_CELLS);
  return {
    ints,
    doubles: new Float64Array(ints.buffer),
    pagesMax,
    nextPage: 1,
    freePages: [],
    sizes: SIZES.map((cells) => {
      const perPage = Math.floor(PAGE_CELLS / cells);
      return { cells, perPage, charge: Math.ceil(PAGE_CELLS / perPage), pages: [], count: 0 };
    }),
    used: 0,
  };
}

/** A block of at least so many cells, all 0 behind its head; 0: there is no room, or none so large. */
export function takeBlock(arena: Arena, cells: number, owner: number): number {
  const index = SIZE_OF[(cells + 3) >> 2];
  const size = index === undefined ? undefined : arena.sizes[index];
  if (index === undefined || size === undefined) return 0;
  const page = (size.count / size.perPage) | 0;
  if (page === size.pages.length && !addPage(arena, size)) return 0;
  const block = (size.pages[page] ?? 0) + (size.count - page * size.perPage) * size.cells;
  size.count += 1;
  arena.used += size.charge;
  const { ints } = arena;
  if (size.cells > FEW_CELLS) ints.fill(0, block, block + size.cells);
  else for (let at = block + size.cells - 1; at >= block; at -= 1) ints[at] = 0;
  ints[block + OWNER] = owner;
  ints[block + SIZE_INDEX] = index;
  return block;
}

/** Gives a block back. Where another one lies in its place now, says which: its owner must be told. */
export function giveBlock(arena: Arena, block: number): number {
  const { ints } = arena;
  const size = arena.sizes[ints[block + SIZE_INDEX] ?? 0];
  if (size === undefined) return 0;
  size.count -= 1;
  arena.used -= size.charge;
  const page = (size.count / size.perPage) | 0;
  const last = (size.pages[page] ?? 0) + (size.count - page * size.perPage) * size.cells;
  if (last !== block) copyCells(ints, last, block, size.cells);
  if (size.count === page * size.perPage) {
    arena.freePages.push((size.pages.pop() ?? 0) / PAGE_CELLS);
  }
  return last === block ? 0 : block;
}

/** Cells of a block, its head among them. */
export const cellsOf = ({ ints }: Arena, block: number): number =>
  CELLS[ints[block + SIZE_INDEX] ?? 0] ?? 0;

export function copyCells(ints: Int32Array, from: number, to: number, cells: number): void {
  if (cells > FEW_CELLS) ints.copyWithin(to, from, from + cells);
  else for (let at = 0; at < cells; at += 1) ints[to + at] = ints[from + at] ?? 0;
}

function addPage(arena: Arena, { pages }: Size): boolean {
  const free = arena.freePages.pop();
  if (free === undefined && arena.nextPage >= arena.pagesMax) return false;
  const page = free ?? arena.nextPage++;
  if ((page + 1) * PAGE_CELLS > arena.ints.length) grow(arena);
  pages.push(page * PAGE_CELLS);
  return true;
}

/**
 * The system gives memory as it is written to, so that room costs nothing while it is not used; to
 * grow by copying would stall for ten milliseconds and more at a few megabytes.
 */
function grow(arena: Arena): void {
  const whole = new Int32Array(arena.pagesMax * PAGE_CELLS);
  whole.set(arena.ints);
  arena.ints = whole;
  arena.doubles = new Float64Array(whole.buffer);
}
