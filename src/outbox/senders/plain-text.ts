import { safeText } from '../../core/common/text.js';
import type { Notice } from '../../core/model/notice.js';

/** What every notice says of the agent that it is from. */
export interface NoticeOrigin {
  /** How the agent calls itself: `sentrypeer-agent/1.2.3`. */
  readonly agent: string;
  /** Name of its host. */
  readonly host: string;
}

/** The notice as JSON, for a webhook or a program (docs/ALERTS.md). */
export const noticeAsJson = (notice: Notice, { agent, host }: NoticeOrigin) => ({
  id: notice.id,
  kind: notice.kind,
  importance: notice.importance,
  at: new Date(notice.atUs / 1_000).toISOString(),
  title: safeText(notice.title),
  lines: notice.lines,
  count: notice.count,
  host,
  agent,
});

/** Subject or first line: who has more than one agent must see which. */
export const titleOf = (notice: Notice, { host }: Pick<NoticeOrigin, 'host'>): string =>
  safeText(`${host}: ${notice.title}`);

/** The whole notice as lines of text; `charsMax` is what the receiver takes. */
export function textOf(
  notice: Notice,
  charsMax: number,
  origin: Pick<NoticeOrigin, 'host'>,
): string {
  const left = notice.count - notice.lines.length;
  const lines = [titleOf(notice, origin), ...notice.lines.map(safeText)];
  if (left > 0) lines.push(`… and ${left} more`);
  const text = lines.join('\n');
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
