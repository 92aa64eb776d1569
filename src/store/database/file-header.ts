import { open } from 'node:fs/promises';
import { APPLICATION_ID } from './schema.js';

/** How far a file is read for a text of our schema, whose pages are made first. */
const LOOKED_AT_BYTES_MAX = 64 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Stands in our schema, and in no other. */
const MARK = Buffer.from('CREATE TABLE protected_peers');

/** The header of a database, byte by byte: https://sqlite.org/fileformat2.html#the_database_header. */
const HEADER_BYTES = 100;
const MAGIC = Buffer.from('SQLite format 3\0');

/**
 * Whether a file that SQLite cannot read, or that bears another id, was written by this program: by
 * the id in its header, else by its schema, which lies in pages of its own. One of zeros alone, as a
 * power cut leaves, is nobody else's. Only for a file that is given up or refused: closing it drops
 * the locks that this process has on it.
 */
export async function isOurs(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES + MARK.length);
    let zeros = true;
    for (let at = 0; at < LOOKED_AT_BYTES_MAX; at += CHUNK_BYTES) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      const bytes = chunk.subarray(0, bytesRead);
      if (at === 0 && hasOurId(bytes)) return true;
      if (bytes.includes(MARK)) return true;
      zeros &&= bytes.every((byte) => byte === 0);
      if (bytesRead < chunk.length) break;
    }
    return zeros;
  } finally {
    await handle.close();
  }
}

/**
 * Whether the header of a file has a field that no database of this program has: SQLite says then that
 * it cannot write it, or that it does not know the format. As isOurs, only for a file given up.
 */
export async function hasBadHeader(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES) return bytesRead > 0;
    const within = (at: number, least: number, most: number): boolean =>
      (header[at] ?? 0) >= least && (header[at] ?? 0) <= most;
    return !(
      header.subarray(0, MAGIC.length).equals(MAGIC) &&
      // Versions to write and to read, bytes kept free, fractions of a page.
      within(18, 1, 2) &&
      within(19, 1, 2) &&
      within(20, 0, 0) &&
      within(21, 64, 64) &&
      within(22, 32, 32) &&
      within(23, 32, 32) &&
      header.readUInt32BE(44) >= 1 &&
      header.readUInt32BE(44) <= 4 &&
      header.readUInt32BE(56) === 1
    );
  } finally {
    await handle.close();
  }
}

const hasOurId = (bytes: Buffer): boolean =>
  bytes.length >= HEADER_BYTES && bytes.readUInt32BE(68) === APPLICATION_ID;
