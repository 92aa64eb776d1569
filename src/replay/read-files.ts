import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { AgentError } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import {
  createInputDecoder,
  decodeChunk,
  endInput,
  type InputOptions,
} from '../records/decode-input.js';
import {
  createInputReport,
  recordedAtUs,
  type InputReport,
  type Recorded,
} from '../records/recorded.js';

export const STDIN = '-';

export interface FileSource {
  readonly files: readonly string[];
  readonly options: InputOptions;
  /** What `-` stands for. */
  readonly stdin: AsyncIterable<Buffer>;
}

export interface OpenedFiles {
  /** One of each file, in the order given; they fill while `batches` is read. */
  readonly reports: readonly InputReport[];
  /** Messages in the order of their files, the files in the order of their first messages. */
  readonly batches: AsyncIterable<readonly Recorded[]>;
}

/**
 * Opens captures and logs, compressed or not. Rejects with RECORD_UNREADABLE when one cannot be
 * opened; damage that shows later is told in its report, and what stood before it is given out.
 */
export async function openFiles(source: FileSource): Promise<OpenedFiles> {
  if (source.files.length > LIMITS.replayFilesMax) {
    throw new AgentError(
      'USAGE',
      `${source.files.length} files are named, at most ${LIMITS.replayFilesMax} are taken at once`,
      'replay them in several parts, or join the logs: cat LOG… | sentrypeer-agent replay -',
    );
  }
  for (const file of source.files) if (file !== STDIN) await refuseUnreadable(file);
  const reports = source.files.map(createInputReport);
  const inputs = reports.map((report) => decodeOne(report, source));
  return { reports, batches: inOrder(inputs) };
}

/** Rotated logs are named newest first as a rule; a replay needs the oldest first. */
async function* inOrder(
  inputs: readonly AsyncGenerator<readonly Recorded[]>[],
): AsyncGenerator<readonly Recorded[]> {
  const begun: { first: readonly Recorded[]; atUs: number; rest: (typeof inputs)[number] }[] = [];
  for (const rest of inputs) {
    const next = await rest.next();
    if (next.done === true) continue;
    begun.push({ first: next.value, atUs: firstAtUs(next.value), rest });
  }
  begun.sort((a, b) => a.atUs - b.atUs);
  for (const { first, rest } of begun) {
    yield first;
    yield* rest;
  }
}

const firstAtUs = ([first]: readonly Recorded[]): number =>
  first === undefined ? 0 : recordedAtUs(first);

/** Gives out batches that hold at least one message. */
async function* decodeOne(
  report: InputReport,
  { options, stdin }: FileSource,
): AsyncGenerator<readonly Recorded[]> {
  const decoder = createInputDecoder(report, options);
  const bytes = report.name === STDIN ? stdin : createReadStream(report.name);
  try {
    for await (const chunk of decompress(bytes)) {
      const messages = decodeChunk(decoder, chunk);
      if (messages.length > 0) yield messages;
    }
  } catch (error) {
    report.damage ??= wordsOf(error);
  }
  const last = endInput(decoder);
  if (last.length > 0) yield last;
}

/** The same bytes, or what they hold when they begin as gzip does (RFC 1952 section 2.3.1). */
async function* decompress(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const head: Buffer = first.value;
  const all = joined(head, iterator);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* all;
    return;
  }
  // A file that was cut off gives what it holds; the reader of the content says what is missing.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  pipeline(Readable.from(all), gunzip, () => undefined);
  for await (const chunk of gunzip) {
    // A stream without an encoding gives Buffers.
    yield chunk as Buffer;
  }
}

async function* joined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

async function refuseUnreadable(file: string): Promise<void> {
  try {
    const handle = await open(file, 'r');
    const isFolder = (await handle.stat()).isDirectory();
    await handle.close();
    if (isFolder) throw new Error('it is a folder');
  } catch (error) {
    throw new AgentError(
      'RECORD_UNREADABLE',
      `${file} cannot be read: ${wordsOf(error)}`,
      'name a capture (pcap, pcapng) or a JSON log, or - for standard input',
      error,
    );
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ENOENT' ? 'it is not there' : error.message;
}
