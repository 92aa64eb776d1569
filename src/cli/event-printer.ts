import type { EventRecord } from '../core/model/event.js';
import { quoteText } from '../core/model/text.js';
import { formatEventLine, formatJsonLine, type LogOrigin } from '../store/event-lines.js';
import { bufferOf, readFacts } from '../store/facts.js';

export type EventStyle = 'none' | 'line' | 'message' | 'json';

const MESSAGE_LINES_MAX = 60;

/** What `run` prints for an event: nothing, one line, the line and the message, or one object. */
export function printEvent(record: EventRecord, style: EventStyle, origin: LogOrigin): void {
  if (style === 'none') return;
  const facts = readFacts(record);
  const text =
    style === 'json' ? formatJsonLine(record, facts, origin) : formatEventLine(record, facts);
  process.stdout.write(`${text}\n${style === 'message' ? renderMessage(record) : ''}`);
}

/** The message line by line, indented and escaped. */
function renderMessage(record: EventRecord): string {
  const lines = bufferOf(record.raw).toString('latin1').split(/\r?\n/);
  const shown = lines.slice(0, MESSAGE_LINES_MAX).map((line) => `    ${quoteText(line)}\n`);
  const more = lines.length - MESSAGE_LINES_MAX;
  return `${shown.join('')}${more > 0 ? `    … ${more} more lines\n` : ''}`;
}
