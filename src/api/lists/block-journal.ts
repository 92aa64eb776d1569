import type { Block } from '../../core/model/block.js';

export interface BlockChange {
  readonly position: number;
  readonly atUs: number;
  readonly kind: 'begun' | 'ended';
  readonly block: Block;
}

/** What happened to blocks since the start, as far back as there is room: for those who follow them. */
export interface BlockJournal {
  readonly note: (kind: BlockChange['kind'], block: Block, atUs: number) => void;
  /** The position of the last change; zero: there was none. */
  readonly position: () => number;
  /** The changes after a position; null: the first of them is not known any more. */
  readonly after: (position: number) => readonly BlockChange[] | null;
  /** Blocks that ended from a moment on, and up to a position. */
  readonly endedBetween: (fromUs: number, position: number) => readonly Block[];
  /** Told of each change; returns what ends that. */
  readonly listen: (listener: (change: BlockChange) => void) => () => void;
}

export function createBlockJournal(changesMax: number): BlockJournal {
  let changes: BlockChange[] = [];
  let position = 0;
  const listeners = new Set<(change: BlockChange) => void>();
  /** Where the change of a position is in the array. */
  const indexOf = (of: number): number => of - position + changes.length - 1;
  return {
    note: (kind, block, atUs) => {
      position += 1;
      const change = { position, atUs, kind, block };
      changes.push(change);
      // Half at once, for each time costs a copy.
      if (changes.length > changesMax) changes = changes.slice(Math.ceil(changesMax / 2));
      for (const listener of listeners) listener(change);
    },
    position: () => position,
    after: (from) => {
      const index = indexOf(from) + 1;
      return index < 0 || from > position ? null : changes.slice(index);
    },
    endedBetween: (fromUs, to) => {
      const blocks: Block[] = [];
      for (let index = indexOf(to); index >= 0; index -= 1) {
        const change = changes[index];
        if (change === undefined || change.atUs < fromUs) break;
        if (change.kind === 'ended') blocks.push(change.block);
      }
      return blocks;
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
