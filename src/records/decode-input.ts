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
import type { LogReport } from '../core/model/log-report.js';
import type { Grammar } from './logs/grammar.js';
import { createLogReader, type LogReader } from './logs/read-line.js';
import { createLineReader, readLines, readLogLine, type LineReader } from './json-log.js';
import { leaveOut, type InputReport, type Recorded } from './recorded.js';

interface JsonLogReader {
  readonly kind: 'json-log';
  readonly lines: LineReader;
  readonly localTimes: LocalTimeReader;
}

interface PbxLogReader {
  readonly kind: 'pbx-log';
  readonly lines: LineReader;
  readonly log: LogReader;
}

type Reader = PcapReader | PcapngReader | JsonLogReader | PbxLogReader;

export interface InputOptions extends CaptureOptions {
  /** Whose local time SentryPeer's own logs are in. */
  readonly timeZone: string;
  /** How lines of a PBX's log are read, and when that is; left out: they are not. */
  readonly pbxLogs?: { readonly grammars: readonly Grammar[]; readonly nowUs: number };
}

/** One input as its bytes come in. What it is, is told from how it begins. */
export interface InputDecoder {
  readonly report: InputReport;
  readonly capture: CaptureDecoder;
  readonly options: InputOptions;
  head: Buffer;
  reader: Reader | null;
}

const HEAD_BYTES = 4;

export const createInputDecoder = (report: InputReport, options: InputOptions): InputDecoder => ({
  report,
  capture: createCaptureDecoder(options),
  options,
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
    decoder.reader = readerFor(bytes, decoder.options);
    decoder.report.format = decoder.reader.kind;
    decoder.report.localTimes = localTimesOf(decoder.reader);
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
  if (reader.kind === 'pbx-log') return endPbxLog(decoder, reader);
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

function localTimesOf(reader: Reader): LocalTimeReader | null {
  if (reader.kind === 'pbx-log') return reader.log.localTimes;
  return reader.kind === 'json-log' ? reader.localTimes : null;
}

function endPbxLog(decoder: InputDecoder, { lines, log }: PbxLogReader): readonly Recorded[] {
  const { report, options } = decoder;
  const before = lines.rest.length === 0 ? [] : decodeChunk(decoder, LINE_FEED);
  const last = recordsOf([log.end(options.pbxLogs?.nowUs ?? 0)]);
  report.messages += last.length;
  const others = report.records - report.messages;
  if (others > 0) leaveOut(report, 'other_lines', others);
  if (report.messages === 0) report.damage = 'no line of it says what somebody did to a PBX';
  return [...before, ...last];
}

const recordsOf = (reports: readonly (LogReport | null)[]): readonly Recorded[] =>
  reports.flatMap((report) => (report === null ? [] : { report }));

/** Objects of JSON are events of our own logs, other text is of a PBX. */
const isJson = (head: Buffer): boolean => head.toString('latin1').trimStart().startsWith('{');

function readerFor(head: Buffer, { timeZone, pbxLogs }: InputOptions): Reader {
  if (isPcap(head)) return createPcapReader();
  if (isPcapng(head)) return createPcapngReader();
  if (pbxLogs !== undefined && !isJson(head)) {
    const log = createLogReader(pbxLogs.grammars, timeZone);
    return { kind: 'pbx-log', lines: createLineReader(), log };
  }
  const localTimes = createLocalTimeReader(timeZone);
  return { kind: 'json-log', lines: createLineReader(), localTimes };
}

function readWith(
  { report, capture, options }: InputDecoder,
  reader: Reader,
  bytes: Buffer,
): readonly Recorded[] {
  if (reader.kind === 'pbx-log') {
    const lines = readLines(reader.lines, bytes);
    report.records += lines.length;
    const nowUs = options.pbxLogs?.nowUs ?? 0;
    return recordsOf(lines.map((line) => (line === null ? null : reader.log.read(line, nowUs))));
  }
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
