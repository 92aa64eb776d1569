import { messageOf } from '../../../core/common/errors.js';
import { LIMITS } from '../../../core/common/limits.js';
import type { Carrier, OpenCarrier } from './carrier.js';

/** A connection that may come and go. */
export interface Link {
  /**
   * Sends lines, over a new connection where there is none. Resolves with null, or with why they may
   * not have arrived; the connection is left then.
   */
  send(lines: readonly Buffer[]): Promise<string | null>;
  /** Milliseconds until it is worth trying again after a failure. */
  restMs(): number;
  /** Why nothing goes there right now; null while it does. */
  lastError(): string | null;
  /** Ends it in order; an opening that is under way is given up. */
  close(): Promise<void>;
}

/** `onFailing` and `onWorking` are told once each time that it changes. */
export function createLink(
  open: OpenCarrier,
  wait: (ms: number) => Promise<void>,
  told: { readonly onFailing: (why: string) => void; readonly onWorking: () => void },
): Link {
  const opening = new AbortController();
  let carrier: Carrier | null = null;
  let lastError: string | null = null;
  let openedAtMs = Number.NEGATIVE_INFINITY;
  let failures = 0;

  const leave = (why: string | null): void => {
    void carrier?.close();
    carrier = null;
    if (why === null) return;
    const first = lastError === null;
    lastError = why;
    if (first) told.onFailing(why);
  };

  const connect = async (): Promise<Carrier> => {
    // Also a server that takes every connection and ends it at once is asked once a second.
    await wait(openedAtMs + LIMITS.remoteRetryMs - performance.now());
    openedAtMs = performance.now();
    carrier = await open(leave, opening.signal);
    return carrier;
  };

  const sendOver = async (lines: readonly Buffer[]): Promise<void> => {
    const held = carrier;
    const to = held ?? (await connect());
    await to.send(lines);
    if (held !== null) return;
    // A refused datagram, and a certificate of ours that the server refuses, are told of afterwards.
    await wait(LIMITS.remoteProbationMs);
    if (carrier !== to) throw new Error(lastError ?? 'it ended the connection at once');
  };

  return {
    send: async (lines) => {
      try {
        await sendOver(lines);
      } catch (error) {
        const why = messageOf(error);
        leave(why);
        failures += 1;
        return why;
      }
      failures = 0;
      const worked = lastError === null;
      lastError = null;
      if (!worked) told.onWorking();
      return null;
    },
    restMs: () => Math.min(LIMITS.remoteRetryMs * 2 ** (failures - 1), LIMITS.remoteRetryMsMax),
    lastError: () => lastError,
    close: async () => {
      opening.abort();
      await carrier?.close();
    },
  };
}
