/** The rows of a long list that are drawn. */
export interface RowWindow {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
  readonly abovePx: number;
  readonly heightPx: number;
}

const BEYOND = 8;

/** Those that are seen, and some beyond. All rows are of one height. */
export function windowOf(
  scrollPx: number,
  viewPx: number,
  rowPx: number,
  total: number,
): RowWindow {
  const seenFrom = Math.floor(Math.max(0, scrollPx) / rowPx);
  const first = Math.max(0, Math.min(seenFrom - BEYOND, total));
  const end = Math.min(total, seenFrom + Math.ceil(viewPx / rowPx) + BEYOND);
  return { first, end: Math.max(first, end), abovePx: first * rowPx, heightPx: total * rowPx };
}

/** The pages, by number, that hold rows from `first` to before `end`. */
export function pagesOf(first: number, end: number, pageRows: number): number[] {
  if (end <= first) return [];
  const from = Math.floor(first / pageRows);
  const to = Math.floor((end - 1) / pageRows);
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
