import { createLocalTimeReader, type LocalTimeReader } from '../core/common/local-time.js';
import {
  createCaptureDecoder,
  decodeFrame,
  endDecoder,
  type CaptureDecoder,
  type CaptureOptions,
} from './capture/decode.js';
import { createPcapReader, isPcap, readPcap, type PcapReader } from './capture/pcap.js';
import { createPcapngReader, isPcapng, readPcapng, type PcapngReader } from './capture/pcapng.js';
import { createLineReader, readLines, readLogLine, type LineReader } from './json-log.js';
import { leaveOut, type InputReport, type Recorded } from './recorded.js';

interface LogReader {
  readonly kind: 'json-log';
  readonly lines: LineReader;
  readonly localTimes: LocalTimeReader;
}

type Reader = PcapReader | PcapngReader | LogReader;

export interface InputOptions extends CaptureOptions {
  /** Whose local time SentryPeer's own logs are in. */
  readonly timeZone: string;
}

/** One input as its bytes come in. What it is, is told from how it begins. */
export interface InputDecoder {
  readonly report: InputReport;
  readonly capture: CaptureDecoder;
  readonly timeZone: string;
  head: Buffer;
  reader: Reader | null;
}

const HEAD_BYTES = 4;

export const createInputDecoder = (report: InputReport, options: InputOptions): InputDecoder => ({
  report,
  capture: createCaptureDecoder(options),
  timeZone: options.timeZone,
  head: Buffer.alloc(0),
  reader: null,
});

/** The messages that the next bytes complete, in order. Never throws on account of the bytes. */
export function decodeChunk(decoder: InputDecoder, chunk: Buffer): readonly Recorded[] {
  let bytes = chunk;
  if (decoder.reader === null) {
    decoder.head = Buffer.concat([decoder.head, chunk]);
    if (decoder.head.length < HEAD_BYTES) return [];
    bytes = decoder.head;
    decoder.head = Buffer.alloc(0);
    decoder.reader = readerFor(bytes, decoder.timeZone);
    decoder.report.format = decoder.reader.kind;
    if (decoder.reader.kind === 'json-log') decoder.report.localTimes = decoder.reader.localTimes;
  }
  const messages = readWith(decoder, decoder.reader, bytes);
  decoder.report.messages += messages.length;
  return messages;
}

/** The end of the input: its last line, and a word about what is incomplete. */
export function endInput(decoder: InputDecoder): readonly Recorded[] {
  const { reader, report, capture, head } = decoder;
  if (reader === null) {
    report.damage ??= head.length === 0 ? 'it is empty' : 'it is too short to be anything';
    return [];
  }
  if (reader.kind === 'json-log') {
    const messages = reader.lines.rest.length === 0 ? [] : decodeChunk(decoder, LINE_FEED);
    if (report.messages === 0) {
      report.damage =
        'it is no capture (pcap, pcapng), and no line of it is an event of a JSON log';
    }
    return messages;
  }
  const { pending } = reader;
  report.damage ??= pending.damage;
  if (pending.bytes.length > 0) {
    report.damage ??= `byte ${pending.offset}: it ends in the middle of a record`;
  }
  const messages = endDecoder(capture, report);
  report.messages += messages.length;
  return messages;
}

const LINE_FEED = Buffer.from('\n');

function readerFor(head: Buffer, timeZone: string): Reader {
  if (isPcap(head)) return createPcapReader();
  if (isPcapng(head)) return createPcapngReader();
  const localTimes = createLocalTimeReader(timeZone);
  return { kind: 'json-log', lines: createLineReader(), localTimes };
}

function readWith(
  { report, capture }: InputDecoder,
  reader: Reader,
  bytes: Buffer,
): readonly Recorded[] {
  if (reader.kind === 'json-log') {
    return readLines(reader.lines, bytes).flatMap((line) =>
      readOneLine(report, line, reader.localTimes),
    );
  }
  const frames = reader.kind === 'pcap' ? readPcap(reader, bytes) : readPcapng(reader, bytes);
  report.records += frames.length;
  return frames.flatMap((frame) => decodeFrame(capture, frame, report));
}

function readOneLine(
  report: InputReport,
  line: string | null,
  localTimes: LocalTimeReader,
): readonly Recorded[] {
  if (line?.trim() === '') return [];
  report.records += 1;
  const message = line === null ? null : readLogLine(line, localTimes);
  if (message !== null) return [message];
  leaveOut(report, 'bad_lines');
  const bad = report.leftOut.get('bad_lines') ?? 0;
  if (bad === 1) report.damage = `line ${report.records}: it is no event of a JSON log`;
  return [];
}
