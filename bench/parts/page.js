// docs/BENCHMARKS.md, made of the recorded runs.
import { goalText, isMet, withUnit } from './figures.js';

const MEDIAN_OF = 5;
/** What none of the last runs measured any more is left out. */
const RUNS_SHOWN = 40;
/** A shared machine gives that much more or less from one run to the next. */
const NOISE = 0.2;

const INTRO = `# Benchmarks

This page is made of the runs that are recorded in \`bench/history\`. \`npm run bench -- NAME\` measures and prints;
with \`--record\` it also adds its figures there and writes this page anew.

How to read it:

- **Last** is the newest run that measured a figure; **median** is that of its last five runs, this one included.
- **Trend** compares the last run with the median of up to five before it. Where a figure has a yardstick, the ratio to
  the yardstick of the same run is compared, because a shared machine is twice as fast in one hour as in another.
  Less than 20 % is \`steady\`. Runs with a load average above 1 were not alone on their machine.
- Runs "from notes" are older than the recording: their figures were written down by hand, without the commit.
- A figure without a goal explains the others. A goal that the last run missed is printed in bold.
`;

/** `histories`: as in bench/history, in the order of the page. */
export function renderPage(histories) {
  return `${[INTRO, ...histories.map(renderBench)].join('\n')}`;
}

function renderBench({ bench, about, runs }) {
  const shown = runs.slice(-RUNS_SHOWN);
  const rows = namesOf(shown, 'figures').map((name) => figureRow(name, shown));
  const yardsticks = namesOf(shown, 'yardsticks').map((name) => yardstickRow(name, shown));
  const lines = [
    `## ${bench}`,
    '',
    `\`npm run bench -- ${bench}\`: ${about}.`,
    '',
    '| figure | goal | last | measured on | median | trend | runs |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
  if (yardsticks.length > 0) {
    lines.push('| yardstick | last | median | runs |', '|---|---|---|---|', ...yardsticks, '');
  }
  lines.push('The newest runs:', '', ...runs.slice(-MEDIAN_OF).reverse().map(runLine), '');
  return lines.join('\n');
}

const namesOf = (runs, kind) => [
  ...new Set(runs.flatMap((run) => run[kind].map(({ name }) => name))),
];

function figureRow(name, runs) {
  const all = runs.flatMap((run) =>
    run.figures.filter((each) => each.name === name).map((each) => ({ ...each, run })),
  );
  const last = all.at(-1);
  const value = withUnit(last.value, last.unit);
  const cells = [
    name,
    goalText(last),
    isMet(last) === false ? `**${value}**` : value,
    last.run.date,
    withUnit(median(all.slice(-MEDIAN_OF).map((each) => each.value)), last.unit),
    trendOf(all),
    all.length,
  ];
  return `| ${cells.join(' | ')} |`;
}

function yardstickRow(name, runs) {
  const all = runs.flatMap(({ yardsticks }) => yardsticks.filter((each) => each.name === name));
  const { value, unit } = all.at(-1);
  const middle = median(all.slice(-MEDIAN_OF).map((each) => each.value));
  return `| ${name} | ${withUnit(value, unit)} | ${withUnit(middle, unit)} | ${all.length} |`;
}

/** `steady`, or by how much it is better or worse; of a figure without a goal nobody knows which. */
function trendOf(all) {
  const before = all.slice(-MEDIAN_OF - 1, -1);
  const last = all.at(-1);
  if (before.length === 0) return 'first run';
  const isRelative = [last, ...before].every((each) => yardstickOf(each) !== null);
  const valueOf = (each) => (isRelative ? each.value / yardstickOf(each) : each.value);
  if (last.value === null || before.every(({ value }) => value === null)) return 'unknown';
  const [now, then] = [valueOf(last), median(before.map(valueOf))];
  if (now === then) return 'steady';
  const change = then === 0 ? Infinity : (now - then) / Math.abs(then);
  if (Math.abs(change) < NOISE) return 'steady';
  const much = change === Infinity ? 'from 0' : `${Math.round(Math.abs(change) * 100)} %`;
  if (last.goal === null) return `${change > 0 ? 'more' : 'less'}, ${much}`;
  return `${change > 0 === 'atLeast' in last.goal ? 'better' : 'worse'}, ${much}`;
}

/** Null: it has none, or the run did not measure it. */
function yardstickOf({ yardstick, run }) {
  const found = run.yardsticks.find(({ name }) => name === yardstick);
  return found?.value || null;
}

function median(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function runLine({ date, commit, source, options, machine, figures }) {
  const { cores, memoryGib, kernel, node, load } = machine;
  const parts = [
    source === 'notes' ? 'from notes' : `commit ${commit ?? 'unknown'}`,
    ...(options === '' ? [] : [`\`${options}\``]),
    figures.length === 1 ? '1 figure' : `${figures.length} figures`,
    `${cores} cores, ${memoryGib} GiB, kernel ${kernel}, Node ${node}`,
    ...(load === null ? [] : [`load ${load}`]),
  ];
  return `- ${date}: ${parts.join('; ')}`;
}
