/** An open connection to a syslog server or the journal. */
export interface Carrier {
  /**
   * Sends whole lines, each framed already. Resolves when the system has taken them, rejects with
   * why it did not; one call at a time.
   */
  send(lines: readonly Buffer[]): Promise<void>;
  /** Ends the connection in order; never rejects, and may be called again. */
  close(): Promise<void>;
}

/**
 * Opens one; rejects with why that is not possible, in a sentence part for a person. `onBroken` is
 * told at most once, when an open connection breaks; null: the other side ended it in order.
 * `signal` gives up an opening that is under way.
 */
export type OpenCarrier = (
  onBroken: (why: string | null) => void,
  signal: AbortSignal,
) => Promise<Carrier>;
