/**
 * The candidate nearest to `text` when it is near enough to be a slip of the finger: at most two
 * edits, and fewer than a third of its length. Of equally near ones that which begins with the text,
 * then one as long as it. Null when none is.
 */
export function suggest(text: string, candidates: readonly string[]): string | null {
  const bound = Math.min(2, Math.floor(text.length / 3));
  let best: string | null = null;
  let bestCost = bound + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) > bound) continue;
    const edits = countEdits(text.toLowerCase(), candidate.toLowerCase());
    if (edits > bound) continue;
    const cost =
      edits + (candidate.startsWith(text) ? 0 : candidate.length === text.length ? 0.1 : 0.2);
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function countEdits(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
