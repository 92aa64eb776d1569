// What the checks found, as one count. Nothing here runs anything.

/**
 * The tests of vitest's JSON report, as `{name, outcome}`. A file that could not be loaded is one
 * failed test; so is a run that failed without a failed test, and one without a report.
 */
export function countVitest(text, ok) {
  if (text === null) return [{ name: 'vitest gave no report', outcome: 'failed' }];
  const files = JSON.parse(text).testResults;
  const results = files.flatMap((file) => {
    const tests = file.assertionResults.map((test) => ({
      name: test.fullName,
      outcome: outcomeOf(test.status),
    }));
    const silent = file.status === 'failed' && !tests.some((test) => test.outcome === 'failed');
    return silent ? [...tests, { name: file.name, outcome: 'failed' }] : tests;
  });
  if (ok || results.some((test) => test.outcome === 'failed')) return results;
  return [...results, { name: 'vitest failed outside of a test', outcome: 'failed' }];
}

/** The files that took longest, as lines; none without a report. */
export function slowestFiles(text, count) {
  if (text === null) return [];
  const took = JSON.parse(text).testResults.map(({ name, startTime, endTime }) => ({
    name,
    seconds: (endTime - startTime) / 1_000,
  }));
  const slowest = took.sort((a, b) => b.seconds - a.seconds).slice(0, count);
  return slowest.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`);
}

function outcomeOf(status) {
  if (status === 'passed') return 'passed';
  return status === 'failed' ? 'failed' : 'skipped';
}

/**
 * Null when the import rules hold, otherwise what breaks them. A run that looked at no module is a
 * failure: that happens when nothing could be resolved, and looks like success.
 */
export function judgeCruise(stdout, output) {
  let summary;
  try {
    summary = JSON.parse(stdout).summary;
  } catch {
    return output;
  }
  if (summary.totalCruised === 0) return 'no module was looked at';
  const broken = summary.violations.filter((violation) => violation.rule.severity === 'error');
  if (broken.length === 0) return null;
  return broken
    .map((violation) => `${violation.rule.name}: ${violation.from} → ${violation.to}`)
    .join('\n');
}

/** The last lines to print, the count alone on the very last. In CI nothing may be skipped. */
export function sumUp(results, inCi) {
  const of = (outcome) => results.filter((result) => result.outcome === outcome);
  const [failed, skipped] = [of('failed'), of('skipped')];
  const counts = [`${of('passed').length} passed`, `${failed.length} failed`];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  const ok = failed.length === 0 && of('passed').length > 0 && !(inCi && skipped.length > 0);
  const lines = [
    '',
    ...failed.map(({ name }) => `failed:  ${name}`),
    ...skipped.map(({ name }) => `skipped: ${name}`),
    ...(inCi && skipped.length > 0 ? ['In CI a skipped test is a failure.'] : []),
    counts.join(', '),
  ];
  return { ok, lines };
}
