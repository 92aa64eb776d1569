import { safeText } from '../../core/common/text.js';
import type { Notice } from '../../core/model/notice.js';

/** Subject or first line. */
export const titleOf = (notice: Notice): string => safeText(notice.title);

/** The whole notice as lines of text; `charsMax` is what the receiver takes. */
export function textOf(notice: Notice, charsMax: number): string {
  const left = notice.count - notice.lines.length;
  const lines = [titleOf(notice), ...notice.lines.map(safeText)];
  if (left > 0) lines.push(`… and ${left} more`);
  const text = lines.join('\n');
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
