/** One captured frame. `atUs`: microseconds since 1970, UTC. */
export interface Frame {
  readonly atUs: number;
  /** LINKTYPE_ number of https://www.tcpdump.org/linktypes.html. */
  readonly linkType: number;
  readonly bytes: Buffer;
  /** true: the capturing host sent it; null: the capture does not say. */
  readonly outgoing: boolean | null;
}

/** Bytes of a capture that wait for the rest of their record, and where they stand in the file. */
export interface Pending {
  bytes: Buffer;
  /** Bytes of the file before `bytes`. */
  offset: number;
  /** Why no more can be read, with the place; null: all is well. */
  damage: string | null;
}

export const createPending = (): Pending => ({ bytes: Buffer.alloc(0), offset: 0, damage: null });

export function append(pending: Pending, chunk: Buffer): void {
  pending.bytes = pending.bytes.length === 0 ? chunk : Buffer.concat([pending.bytes, chunk]);
}

export function consume(pending: Pending, length: number): void {
  pending.bytes = pending.bytes.subarray(length);
  pending.offset += length;
}

export function damageAt(pending: Pending, what: string): void {
  pending.damage ??= `byte ${pending.offset}: ${what}`;
  pending.bytes = Buffer.alloc(0);
}

export const readU16 = (bytes: Buffer, at: number, little: boolean): number =>
  little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);

export const readU32 = (bytes: Buffer, at: number, little: boolean): number =>
  little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
