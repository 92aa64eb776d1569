import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { SeriesView } from '../../api/views/overview.js';
import { stackOf, sum, type Stack } from '../data/stack.js';
import { useSession } from '../session.js';
import { shortTime } from '../../core/common/time-words.js';
import { attackWords, figure } from '../words.js';
import { Attack, Empty } from './common.js';

const HEIGHT_PX = 210;

/** Attack types over time as stacked bars, with a legend that has the counts, and a table of all of it. */
export function AttackChart({ series }: { readonly series: SeriesView | null }) {
  const [at, setAt] = useState<number | null>(null);
  const stack = useMemo(() => (series === null ? null : stackOf(series)), [series]);
  if (stack === null || series === null) return <Empty>…</Empty>;
  const began = at === null ? null : (series.began_at[at] ?? null);
  const none = stack.lines.length === 0;
  return (
    <div class="chart">
      <Plot stack={stack} span={series.span} onPoint={setAt} />
      <div class="chart-legend">
        <p class="quiet" aria-hidden="true">
          {began === null ? wholeOf(series) : `${shortTime(began).slice(0, 16)} UTC`}
        </p>
        {none ? <Empty>No rule has seen an attack in this time.</Empty> : null}
        <ul>
          {stack.lines.map(({ value, counts, total }) => (
            <li key={value}>
              <Attack type={value} />
              <span class="number">{figure(at === null ? total : (counts[at] ?? 0))}</span>
            </li>
          ))}
        </ul>
        {none ? null : <AsTable series={series} stack={stack} />}
      </div>
    </div>
  );
}

const wholeOf = ({ span, began_at: began }: SeriesView): string =>
  `${began.length} ${span}s; messages that a rule fired on`;

function AsTable({ series, stack }: { readonly series: SeriesView; readonly stack: Stack }) {
  const [open, setOpen] = useState(false);
  const shown = series.began_at.map((began, at) => ({
    began,
    counts: stack.lines.map(({ counts }) => counts[at] ?? 0),
  }));
  return (
    <details
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>As a table</summary>
      {open ? (
        <div class="scroll" role="region" aria-label="Attack types over time" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Since (UTC)</th>
                {stack.lines.map(({ value }) => (
                  <th key={value} scope="col" class="number">
                    {attackWords(value)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown
                .filter(({ counts }) => sum(counts) > 0)
                .map(({ began, counts }) => (
                  <tr key={began}>
                    <th scope="row">{shortTime(began).slice(0, 16)}</th>
                    {counts.map((count, at) => (
                      <td key={stack.lines[at]?.value} class="number">
                        {figure(count)}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}

function Plot(props: {
  readonly stack: Stack;
  readonly span: SeriesView['span'];
  readonly onPoint: (at: number | null) => void;
}) {
  const { stack, span, onPoint } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { look } = useSession();
  const names = stack.layers.map(({ value }) => value).join(' ');
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsOf(element, stack, span, onPoint), dataOf(stack), element);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT_PX });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, span, look]);
  useEffect(() => {
    plot.current?.setData(dataOf(stack));
  }, [stack]);
  const words = stack.lines.map(({ value, total }) => `${attackWords(value)} ${figure(total)}`);
  const label = `Attack types over time: ${words.length === 0 ? 'none' : words.join(', ')}`;
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

const dataOf = ({ times, layers }: Stack): uPlot.AlignedData => [
  [...times],
  ...(layers.length === 0 ? [times.map(() => 0)] : layers.map(({ tops }) => [...tops])),
];

function optionsOf(
  element: HTMLElement,
  { layers }: Stack,
  span: SeriesView['span'],
  onPoint: (at: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--quiet'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.76, 72], align: 1 });
  const fill = (value: string): string => colour(`--attack-${value}`) || colour('--accent');
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    scales: {
      x: { range: (_plot, from, to) => [from, to + (span === 'hour' ? 3_600 : 86_400)] },
      y: { range: (_plot, _from, to) => [0, Math.max(4, to * 1.05)] },
    },
    axes: [
      { ...axis, size: 30, space: 60, values: (_plot, at) => at.map((each) => tickOf(each, span)) },
      { ...axis, size: 48, space: 36, values: (_plot, at) => at.map(briefly) },
    ],
    series: [
      {},
      ...(layers.length === 0 ? [''] : layers.map(({ value }) => value)).map((value) => ({
        fill: fill(value),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      })),
    ],
    hooks: {
      setCursor: [
        (made) => {
          onPoint(made.cursor.idx ?? null);
        },
      ],
    },
  };
}

function tickOf(seconds: number, span: SeriesView['span']): string {
  const iso = new Date(seconds * 1_000).toISOString();
  return span === 'day' ? iso.slice(5, 10) : iso.slice(11, 16);
}

const briefly = (value: number): string => {
  if (!Number.isInteger(value)) return '';
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 10_000 ? `${value / 1_000}k` : figure(value);
};
