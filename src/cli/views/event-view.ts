import { formatTime } from '../../api/views.js';
import { clipText } from '../../core/common/text.js';
import type { StoredEvent } from '../../store/rows.js';
import { clipTo, type Screen } from '../text/screen.js';
import type { Column } from '../text/table.js';
import { endpointText } from '../../core/model/transport.js';

export const EVENT_HEAD: readonly Column[] = [
  { title: 'TIME (UTC)' },
  { title: 'SOURCE' },
  { title: 'VIA', rank: 5 },
  { title: 'PROOF', rank: 6 },
  { title: 'METHOD' },
  { title: 'USER', rank: 1 },
  { title: 'ANSWER', rank: 4 },
  { title: 'SCORE', rank: 3 },
  { title: 'ATTACK TYPE', tone: (cell) => (cell === '-' ? 'dim' : 'warn') },
  { title: 'USER AGENT', rank: 2 },
];

const CELL_CHARS_MAX = 28;

/** The cells of one event under EVENT_HEAD; packet text was escaped by the store. */
export function eventCells(event: StoredEvent): string[] {
  const cell = (text: string | null): string => clipText(text ?? '-', CELL_CHARS_MAX);
  return [
    formatTime(event.receivedAtUs).slice(0, 23).replace('T', ' '),
    endpointText(event.source),
    viaText(event),
    event.proof,
    event.kind === 'response' ? `response ${event.statusCode ?? '?'}` : cell(event.method),
    cell(event.calledNumber ?? event.authUser ?? event.toUser),
    answerText(event),
    String(Math.round(event.score)),
    event.attackType ?? '-',
    cell(event.userAgent),
  ];
}

/** What a PBX was sent is told by its sensor. */
const viaText = ({ sensor, transport }: StoredEvent): string =>
  sensor === 'trap' ? transport : `${sensor.slice(0, 3)}/${transport}`;

/** The trap's own answer, or what the PBX made of it. */
function answerText({ sensor, outcome, answeredStatus }: StoredEvent): string {
  if (sensor === 'trap') return answeredStatus === null ? '-' : String(answeredStatus);
  return outcome === 'none' ? '-' : outcome.replace('_account', '').replace('_', ' ');
}

/** Where the cells stand in a stream, whose rows to come are not known. */
const PLACES = [23, 21, 7, 5, 9, 12, 10, 5, 21, CELL_CHARS_MAX + 1];

/**
 * One line of one event, for a stream: the cells of the table in fixed places. On a terminal that is
 * too narrow the columns that matter least are left out, and what is too long is cut with an ellipsis.
 */
export function eventLine(event: StoredEvent, { columns }: Screen): string {
  return streamLine(eventCells(event), columns);
}

/** The head over such lines. */
export const eventLineHead = ({ columns }: Screen): string =>
  streamLine(
    EVENT_HEAD.map(({ title }) => title),
    columns,
  );

function streamLine(cells: readonly string[], columns: number | null): string {
  const shown = shownInStream(columns);
  const line = shown.map((at) => (cells[at] ?? '').padEnd(PLACES[at] ?? 0)).join('  ');
  return columns === null ? line.trimEnd() : clipTo(line.trimEnd(), columns);
}

function shownInStream(columns: number | null): readonly number[] {
  const all = EVENT_HEAD.map((_, at) => at);
  if (columns === null) return all;
  const byRank = all
    .filter((at) => EVENT_HEAD[at]?.rank !== undefined)
    .sort((a, b) => (EVENT_HEAD[b]?.rank ?? 0) - (EVENT_HEAD[a]?.rank ?? 0));
  let shown = all;
  for (const at of byRank) {
    const width = shown.reduce((sum, each) => sum + (PLACES[each] ?? 0) + 2, -2);
    if (width <= columns) break;
    shown = shown.filter((each) => each !== at);
  }
  return shown;
}
