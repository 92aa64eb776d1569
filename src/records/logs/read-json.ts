import type { LocalTimeReader } from '../../core/common/local-time.js';
import { readTime } from '../../core/common/time.js';
import type { LogReport } from '../../core/model/log-report.js';
import { isProven, PROOFS } from '../../core/model/proof.js';
import { OUTCOMES } from '../../core/model/sensor.js';
import type { Grammar, JsonPart, JsonShape } from './grammar.js';
import { cut, keep, proofOf, readEndpoint, readTransport } from './read-text.js';

type Fields = Readonly<Record<string, unknown>>;

/** The object of a line; null where it is none. */
export function parseObject(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line);
    // An object of JSON has text keys; each value is looked at before it is used.
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** True for an object that has all that lines of this grammar have. */
export const isShaped = ({ needs }: JsonShape, fields: Fields): boolean =>
  needs.every((key) => Object.hasOwn(fields, key));

/** What an object of a JSON log says; null where its address, transport, outcome or proof is none. */
export function reportOfJson(
  line: string,
  fields: Fields,
  grammar: Grammar,
  zone: LocalTimeReader,
  nowUs: number,
): LogReport | null {
  const { json } = grammar;
  const kind = grammar.lines[0];
  if (json === null || kind === undefined) return null;
  const text = (part: JsonPart): string | null => {
    const key = json.keys[part];
    const value = key !== undefined && Object.hasOwn(fields, key) ? fields[key] : null;
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
  };
  const source = readEndpoint(text('source') ?? '', false);
  const transport = readTransport(text('transport'), kind.transport);
  const outcome = oneOf(OUTCOMES, text('outcome') ?? kind.outcome ?? '');
  const told = text('proof');
  const proof = told === null ? null : oneOf(PROOFS, told);
  const port = Number(text('port') ?? '0');
  if (source === null || transport === null || outcome === null) return null;
  if ((told !== null && proof === null) || !Number.isInteger(port) || port < 0 || port > 65_535)
    return null;
  const timeText = text('time') ?? '';
  return {
    atUs: (json.timeForm === 'sentrypeer' ? zone.read(timeText) : readTime(timeText)) ?? nowUs,
    source: source.port === 0 ? { ...source, port } : source,
    transport,
    outcome,
    // A proof of another kind of ours stands as it was told; none is made of the transport then.
    proof: proof !== null && !isProven(proof) ? 'none' : (proof ?? proofOf(kind.proof, transport)),
    method: keep(text('method')?.toUpperCase()) ?? kind.method,
    account: keep(text('account') ?? undefined),
    called: keep(text('called') ?? undefined),
    userAgent: keep(text('user_agent') ?? undefined),
    callId: keep(text('call_id') ?? undefined),
    line: cut(line),
    grammar: `${grammar.name}/${kind.id}`,
  };
}

const oneOf = <T extends string>(values: readonly T[], text: string): T | null =>
  values.find((value) => value === text) ?? null;
