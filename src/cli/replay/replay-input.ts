import { LIMITS } from '../../core/common/limits.js';
import {
  createInputReport,
  leaveOut,
  recordedAtUs,
  type InputReport,
  type Recorded,
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
    for (const row of rows) {
      const { receivedAtUs, transport, source, local, proof, sensor, outcome, raw } = row;
      if (raw === null) {
        leaveOut(report, 'no_bytes');
        continue;
      }
      const packet = { receivedAtUs, transport, source, local, bytes: raw };
      const isOfTrap = sensor === 'trap';
      messages.push(isOfTrap ? { packet, proof } : { packet, proof, sensed: { sensor, outcome } });
    }
    report.messages += messages.length;
    if (messages.length > 0) yield messages;
  }
}

const PROGRESS_EVERY_MESSAGES = 250_000;

/** Gives out the messages of the span, and says now and then how far it has come. */
export async function* withinSpan(
  batches: AsyncIterable<readonly Recorded[]>,
  { sinceUs, untilUs }: Span,
  tell: (messages: number) => void,
): AsyncGenerator<Recorded> {
  let messages = 0;
  for await (const batch of batches) {
    for (const recorded of batch) {
      messages += 1;
      if (messages % PROGRESS_EVERY_MESSAGES === 0) tell(messages);
      const atUs = recordedAtUs(recorded);
      if (atUs >= sinceUs && atUs < untilUs) yield recorded;
    }
  }
}
