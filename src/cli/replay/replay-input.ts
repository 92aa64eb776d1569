import { LIMITS } from '../../core/common/limits.js';
import {
  createInputReport,
  leaveOut,
  type InputReport,
  type RecordedPacket,
} from '../../records/recorded.js';
import type { Reader } from '../../store/read/reader.js';

/** The part of a record that counts: from `sinceUs` on, before `untilUs`. */
export interface Span {
  readonly sinceUs: number;
  readonly untilUs: number;
}

export interface DatabaseInput {
  readonly report: InputReport;
  readonly batches: AsyncIterable<readonly RecordedPacket[]>;
}

/** The stored events of a span, in pages, as messages with the proof that they had. */
export function readDatabase(reader: Reader, name: string, span: Span): DatabaseInput {
  const report = createInputReport(name);
  report.format = 'database';
  return { report, batches: readPages(reader, report, span) };
}

async function* readPages(
  reader: Reader,
  report: InputReport,
  span: Span,
): AsyncGenerator<readonly RecordedPacket[]> {
  let afterId = 0;
  for (;;) {
    const rows = await reader.eventSlice({ ...span, afterId, limit: LIMITS.replayPageRowsMax });
    const last = rows.at(-1);
    if (last === undefined) return;
    afterId = last.id;
    report.records += rows.length;
    const messages: RecordedPacket[] = [];
    for (const { receivedAtUs, transport, source, local, proof, raw } of rows) {
      if (raw === null) leaveOut(report, 'no_bytes');
      else messages.push({ packet: { receivedAtUs, transport, source, local, bytes: raw }, proof });
    }
    report.messages += messages.length;
    if (messages.length > 0) yield messages;
  }
}

const PROGRESS_EVERY_MESSAGES = 250_000;

/** Gives out the messages of the span, and says now and then how far it has come. */
export async function* withinSpan(
  batches: AsyncIterable<readonly RecordedPacket[]>,
  { sinceUs, untilUs }: Span,
  tell: (messages: number) => void,
): AsyncGenerator<RecordedPacket> {
  let messages = 0;
  for await (const batch of batches) {
    for (const recorded of batch) {
      messages += 1;
      if (messages % PROGRESS_EVERY_MESSAGES === 0) tell(messages);
      const { receivedAtUs } = recorded.packet;
      if (receivedAtUs >= sinceUs && receivedAtUs < untilUs) yield recorded;
    }
  }
}
