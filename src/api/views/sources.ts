import type { SeenSource } from '../../store/read/read-sources.js';
import { formatTime } from '../views.js';

export interface SeenSourceView {
  readonly address: string;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly messages: number;
  /** Points as of now. */
  readonly score: number;
  readonly score_proven: number;
  /** The block in force that covers it; null: none does. */
  readonly blocked_by: string | null;
}

export interface SourcesListing {
  readonly sources: readonly SeenSourceView[];
  readonly limit: number;
  readonly offset: number;
}

/** What the agent knows of a source beside what is stored. */
export interface SourceNow {
  readonly score: { readonly total: number; readonly proven: number };
  readonly blockedBy: string | null;
}

export const seenSourceView = (source: SeenSource, now: SourceNow): SeenSourceView => ({
  address: source.address,
  first_seen_at: formatTime(source.firstAtUs),
  last_seen_at: formatTime(source.lastAtUs),
  messages: source.messages,
  score: now.score.total,
  score_proven: now.score.proven,
  blocked_by: now.blockedBy,
});
