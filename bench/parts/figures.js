// What a bench measured, as data. `run()` of a bench returns `{ figures, yardsticks }`; scripts/bench.js
// prints them beside their goals and keeps them where it is told `--record`.

/** Four digits say more than a shared machine knows. What could not be measured is null. */
const rounded = (value) => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);

const figure = (name, value, unit, goal, yardstick) => ({
  name,
  value: rounded(value),
  unit,
  goal,
  ...(yardstick === undefined ? {} : { yardstick }),
});

/** `yardstick`: the name of what the value is best compared with, of the same run and unit. */
export const atMost = (name, value, unit, max, yardstick) =>
  figure(name, value, unit, { atMost: max }, yardstick);
export const atLeast = (name, value, unit, min, yardstick) =>
  figure(name, value, unit, { atLeast: min }, yardstick);
/** Nobody set a goal for it: it explains the others. */
export const noted = (name, value, unit, yardstick) => figure(name, value, unit, null, yardstick);

/** What else the same minute of the same machine gave. */
export const measuredBy = (name, value, unit) => ({ name, value: rounded(value), unit });

/** Null where there is no goal. */
export function isMet({ value, goal }) {
  if (goal === null) return null;
  if (value === null) return false;
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** `2.1 ms`, `15,000/s`. */
export function withUnit(value, unit) {
  if (value === null) return 'none';
  return `${value.toLocaleString('en', { maximumSignificantDigits: 4 })}${unit.startsWith('/') || unit === '' ? '' : ' '}${unit}`;
}

export function goalText({ goal, unit }) {
  if (goal === null) return 'none';
  return 'atMost' in goal
    ? `at most ${withUnit(goal.atMost, unit)}`
    : `at least ${withUnit(goal.atLeast, unit)}`;
}

/** What stands at the end of a run: yardsticks, then each figure with its goal. */
export function describeFigures({ figures, yardsticks }) {
  const lines = yardsticks.map(
    ({ name, value, unit }) => `  yardstick ${name}: ${withUnit(value, unit)}`,
  );
  const words = { true: 'met      ', false: 'NOT MET  ', null: '         ' };
  for (const each of figures) {
    const goal = each.goal === null ? '' : ` (${goalText(each)})`;
    lines.push(`  ${words[isMet(each)]} ${each.name}: ${withUnit(each.value, each.unit)}${goal}`);
  }
  return lines;
}
