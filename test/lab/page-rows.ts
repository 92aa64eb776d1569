import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/SENTRYPEER.md', import.meta.url));

export type Verdict = 'yes' | 'differs' | 'not yet' | 'no';

export interface PageRow {
  readonly section: string;
  /** What a user types. */
  readonly line: string;
  /** Null where the row says nothing that could be checked. */
  readonly works: Verdict | null;
}

/** Every row of every table of docs/SENTRYPEER.md; a `|` in a cell is written `\|`. */
export function readPageRows(): readonly PageRow[] {
  let section = '';
  return readFileSync(PAGE, 'utf8')
    .split('\n')
    .flatMap((text): PageRow[] => {
      if (text.startsWith('## ')) section = text.slice('## '.length);
      if (!text.startsWith('|') || /^\|(-| line | one-liner )/.test(text)) return [];
      const match = /^\| `(.+)` \| (yes|differs|not yet|no)\b/.exec(text);
      const line = (match?.[1] ?? text).replaceAll('\\|', '|');
      return [{ section, line, works: (match?.[2] ?? null) as Verdict | null }];
    });
}
