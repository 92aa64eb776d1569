/** How a chart is drawn: in block characters, or in plain ASCII. */
export type ChartStyle = 'blocks' | 'ascii';

/** Block characters only where a person looks at a terminal that says it knows UTF-8. */
export function chartStyle(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): ChartStyle {
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '';
  return isTerminal && /utf-?8/i.test(locale) ? 'blocks' : 'ascii';
}

const LEVELS: Readonly<Record<ChartStyle, string>> = { blocks: ' ▁▂▃▄▅▆▇█', ascii: ' .:-=+*#@' };

/** One character a value, as high as its share of the highest; what is not zero is always seen. */
export function sparkline(values: readonly number[], style: ChartStyle): string {
  const levels = Array.from(LEVELS[style]);
  const highest = Math.max(1, ...values);
  return values
    .map((value) => levels[Math.ceil((value / highest) * (levels.length - 1))] ?? ' ')
    .join('');
}

const BAR_WIDTH = 20;

/** A bar as long as the share of the largest value. */
export function bar(value: number, largest: number, style: ChartStyle): string {
  const length = largest === 0 ? 0 : Math.ceil((value / largest) * BAR_WIDTH);
  return (style === 'blocks' ? '█' : '#').repeat(length);
}
