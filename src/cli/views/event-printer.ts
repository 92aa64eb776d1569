import type { EventRecord } from '../../core/model/event.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText, safeJson } from '../../core/common/text.js';
import { formatEventLine, formatJsonLine, type LogOrigin } from '../../store/logs/event-lines.js';
import { bufferOf, readFacts } from '../../store/event-facts.js';
import { writeGathered } from '../text/write-gathered.js';

export type EventStyle = 'none' | 'line' | 'message' | 'json';

const MESSAGE_LINES_MAX = 60;

/**
 * What `run` prints for an event: nothing, one line, the line and the message, or one object. When
 * the reader of stdout stands still, lines are left out and counted instead of kept in memory.
 */
export function createEventPrinter(
  style: EventStyle,
  origin: LogOrigin,
): (record: EventRecord) => void {
  let leftOut = 0;
  return (record) => {
    if (style === 'none') return;
    if (process.stdout.writableLength > LIMITS.printedBytesWaitingMax) {
      leftOut += 1;
      return;
    }
    if (leftOut > 0) process.stderr.write(`${leftOut} events were not printed: stdout is slow\n`);
    leftOut = 0;
    writeGathered(process.stdout, `${renderEvent(record, style, origin)}\n`);
  };
}

function renderEvent(record: EventRecord, style: EventStyle, origin: LogOrigin): string {
  const facts = readFacts(record);
  if (style === 'json') return safeJson(formatJsonLine(record, facts, origin));
  const line = formatEventLine(record, facts);
  return style === 'message' ? `${line}\n${renderMessage(record)}` : line;
}

/** The message line by line, indented and escaped. */
function renderMessage(record: EventRecord): string {
  const lines = bufferOf(record.raw).toString('latin1').split(/\r?\n/);
  const shown = lines.slice(0, MESSAGE_LINES_MAX).map((line) => `    ${quoteText(line)}`);
  const more = lines.length - MESSAGE_LINES_MAX;
  return [...shown, ...(more > 0 ? [`    … ${more} more lines`] : [])].join('\n');
}
