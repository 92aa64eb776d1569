import { readTime } from '../../core/common/time.js';
import { quoteText } from '../../core/common/text.js';
import type { LogReport } from '../../core/model/log-report.js';
import type { Grammar, LineSample } from './grammar.js';
import { createLogReader } from './read-line.js';

/** When samples are read, and whose local time they are in. */
const NOW_US = Date.UTC(2026, 11, 1, 12) * 1_000;
const ZONE = 'UTC';

/** What a sample may say of its report, and how it is read. */
const PARTS: Readonly<Record<string, (report: LogReport) => string | number | null>> = {
  source: ({ source }) => source.address,
  port: ({ source }) => source.port,
  transport: ({ transport }) => transport,
  outcome: ({ outcome }) => outcome,
  proof: ({ proof }) => proof,
  method: ({ method }) => method,
  account: ({ account }) => account,
  called: ({ called }) => called,
  user_agent: ({ userAgent }) => userAgent,
  call_id: ({ callId }) => callId,
};

/** The first sample that is not read as it says, in words; null: all are. */
export function checkSamples(grammar: Grammar): string | null {
  for (const [index, sample] of grammar.samples.entries()) {
    const wrong = checkSample(grammar, sample);
    if (wrong !== null) return `samples.${index}: ${wrong}`;
  }
  return null;
}

function checkSample(grammar: Grammar, { line, is, expect }: LineSample): string | null {
  const reports = readAll(grammar, line);
  const [report] = reports;
  const found = report?.grammar.split('/')[1] ?? 'nothing';
  if (found !== is) return `it is ${found}, not ${quoteText(is)}: ${quoteText(line)}`;
  if (reports.length > 1) return `it is ${reports.length} records: ${quoteText(line)}`;
  if (report === undefined) return null;
  if (expect['source'] === undefined) return `'source' is missing: ${quoteText(line)}`;
  for (const [key, value] of Object.entries(expect)) {
    const part = PARTS[key];
    if (part === undefined && key !== 'time') return `'${quoteText(key)}' is no part of a report`;
    const read = part === undefined ? report.atUs : part(report);
    const wanted = part === undefined ? readTime(String(value)) : value;
    if (read !== wanted)
      return `${key} is ${quoteText(String(read))}, not ${quoteText(String(value))}: ${quoteText(line)}`;
  }
  return null;
}

function readAll(grammar: Grammar, text: string): readonly LogReport[] {
  const reader = createLogReader([grammar], ZONE);
  const reports: LogReport[] = [];
  for (const line of text.split('\n')) {
    const report = reader.read(line, NOW_US);
    if (report !== null) reports.push(report);
  }
  const last = reader.end(NOW_US);
  return last === null ? reports : [...reports, last];
}
