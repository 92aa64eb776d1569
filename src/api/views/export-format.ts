import type { BlockView } from '../views.js';

/** What `blocks export` and the lists of the API write: a head, a line for each block, and an end. */
export interface ExportFormat {
  readonly head: readonly string[];
  readonly line: (block: BlockView, first: boolean) => string;
  /** Asked for after the last line. */
  readonly end: () => readonly string[];
}
