/** How a call that the trap answered came to its end. `unconfirmed`: no ACK ever came. */
export type CallEnd = 'bye' | 'cancel' | 'timeout' | 'unconfirmed';

/** A call that the trap answered; told once when it begins and once when it has ended. */
export interface CallRecord {
  /** Id of the event whose INVITE was answered. */
  readonly id: number;
  /** Canonical address of the caller. */
  readonly source: string;
  /** Who was let in, and whom he called: packet text. */
  readonly user: string;
  readonly called: string;
  readonly callId: string;
  readonly beganAtUs: number;
  readonly confirmedAtUs: number | null;
  readonly endedAtUs: number | null;
  readonly endHow: CallEnd | null;
}
