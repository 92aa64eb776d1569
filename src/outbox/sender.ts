import type { Notice } from '../core/model/notice.js';

/** One place that notices go to. */
export interface Sender {
  /** `mail`, `slack`, `json-2`: as the configuration names it, and no secret in it. */
  readonly name: string;
  /** Where it goes, for a person; without what is secret. */
  readonly place: string;
  /** Resolves when the receiver has taken it; rejects with a SendError, or what went wrong. */
  readonly send: (notice: Notice) => Promise<void>;
}

/** Why a receiver did not take a notice. `retryAfterS`: when it wants to be asked again. */
export class SendError extends Error {
  override readonly name = 'SendError';

  readonly retryAfterS: number | null;

  constructor(message: string, retryAfterS: number | null = null) {
    super(message);
    this.retryAfterS = retryAfterS;
  }
}
