import type { Block } from '../../model/block.js';
import type { Sighting } from '../../model/sighting.js';
import { addPoints, readScore, spendPoints, type ScoreBook, type ScorePolicy } from './score.js';

/** A block that the detector made: its source has paid with it for points. */
export interface PaidBlock {
  readonly atUs: number;
  /** Until when it dropped something: of a simulated one its beginning. */
  readonly endUs: number;
  readonly proven: boolean;
  /** Its source was heard while it stood, and what it did then is not laid to it. */
  readonly heard: boolean;
}

export interface PaidColumns extends Pick<
  Block,
  'createdAtUs' | 'expiresAtUs' | 'proof' | 'scope' | 'simulated'
> {
  readonly endedAtUs: number | null;
}

export function paidBlock(block: PaidColumns): PaidBlock {
  const { createdAtUs: atUs, expiresAtUs, endedAtUs, proof, scope, simulated } = block;
  // That a block had expired is written down up to a minute later.
  const endUs = Math.min(
    endedAtUs ?? Number.POSITIVE_INFINITY,
    expiresAtUs ?? Number.POSITIVE_INFINITY,
  );
  const [proven, heard] = [proof !== 'none', scope === 'beside'];
  return { atUs, endUs: simulated ? atUs : endUs, proven, heard };
}

export interface RestorePolicy extends ScorePolicy {
  /** Score at which a source is blocked. */
  readonly threshold: number;
}

/**
 * Adds stored sightings, the oldest first, so that the scores are those of an agent that saw them:
 * what led to the last block is paid for, and what came while it stood is once it reaches the
 * threshold (step.ts). `identityOf` tells whom the address of a sighting counts as.
 */
export function restorePoints(
  book: ScoreBook,
  sightings: readonly Sighting[],
  identityOf: (source: string) => string,
  lastBlockOf: (identity: string) => PaidBlock | undefined,
  policy: RestorePolicy,
): void {
  sightings.forEach((sighting, index) => {
    const { atUs } = sighting;
    const source = identityOf(sighting.source);
    const block = lastBlockOf(source);
    if (block !== undefined && atUs <= block.atUs) return;
    addPoints(book, source, sighting, policy);
    const next = sightings[index + 1];
    const isLastOfEvent = next?.atUs !== atUs || next.source !== sighting.source;
    if (!isLastOfEvent || block === undefined || block.heard || atUs >= block.endUs) return;
    if (readScore(book, source, atUs, policy).total >= policy.threshold)
      spendPoints(book, source, !block.proven);
  });
}
