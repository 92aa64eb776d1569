import { parseDocument } from 'yaml';
import { z } from 'zod';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import { OUTCOMES } from '../../core/model/sensor.js';
import { TRANSPORTS } from '../../core/model/transport.js';
import { checkSamples } from './check-samples.js';
import { GRAMMAR_PROOFS, JSON_PARTS, type Grammar, type LineSample } from './grammar.js';
import { compilePattern, PatternFault, type Pattern } from './pattern.js';

const id = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
  error: 'allowed are small letters, digits and hyphens',
});
const about = z.string().trim().min(1).max(200);

const pattern = z.string().transform((source, context): Pattern => {
  try {
    return compilePattern(source);
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    const message = `${error.message} in \`${quoteText(source, 80)}\``;
    context.issues.push({ code: 'custom', input: source, message });
    return z.NEVER;
  }
});

const patterns = z.preprocess(
  (value): unknown => (Array.isArray(value) ? value : [value]),
  z.array(pattern).min(1).max(LIMITS.grammarPatternsMax),
);

const line = z.strictObject({
  id,
  about,
  pattern: patterns.optional(),
  outcome: z.enum([...OUTCOMES, 'nothing']),
  proof: z.enum(GRAMMAR_PROOFS).default('none'),
  method: z
    .string()
    .regex(/^[A-Z]{1,20}$/)
    .optional(),
  transport: z.enum(TRANSPORTS).optional(),
});

const sample = z
  .looseObject({ line: z.string().min(1), is: z.string() })
  .transform(({ line: text, is, ...rest }, context): LineSample => {
    const expect: Record<string, string | number | null> = {};
    for (const [key, value] of Object.entries(rest)) {
      if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
        context.issues.push({ code: 'custom', input: value, message: `${key}: give it as text` });
        return z.NEVER;
      }
      expect[key] = value;
    }
    return { line: text, is, expect };
  });

const json = z.strictObject({
  needs: z.array(z.string()).min(1).max(8),
  time_form: z.enum(['iso', 'sentrypeer']).default('iso'),
  keys: z.partialRecord(z.enum(JSON_PARTS), z.string()),
});

const grammar = z.strictObject({
  grammar: id,
  kind: id,
  about,
  heads: z.array(pattern).max(LIMITS.grammarHeadsMax).default([]),
  json: json.optional(),
  lines: z.array(line).min(1).max(LIMITS.grammarLinesMax),
  samples: z.array(sample).min(1).max(LIMITS.grammarSamplesMax),
});

/**
 * The grammar of one YAML text, its samples checked. `file` is for messages. Throws GRAMMAR_INVALID,
 * which names the place and what is allowed.
 */
export function parseGrammar(text: string, file: string): Grammar {
  const document = parseDocument(text, { prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(file, `this is not YAML: ${fault.message}`);
  const read = grammar.safeParse(valueOf(document, file));
  if (!read.success) {
    const [issue] = read.error.issues;
    const place = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
    throw invalid(file, place);
  }
  const { grammar: name, json: shape, lines, heads, ...rest } = read.data;
  const made: Grammar = {
    ...rest,
    name,
    heads,
    sourceFile: file,
    json:
      shape === undefined
        ? null
        : { needs: shape.needs, timeForm: shape.time_form, keys: shape.keys },
    lines: lines.map(
      ({ pattern: given = [], outcome, method = null, transport = null, ...more }) => ({
        ...more,
        patterns: given,
        outcome: outcome === 'nothing' ? null : outcome,
        method,
        transport,
      }),
    ),
  };
  checkWhole(made, file);
  const wrong = checkSamples(made);
  if (wrong !== null) throw invalid(file, wrong);
  return made;
}

function valueOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // The library throws this for an alias without an anchor and for aliases that multiply.
    if (!(error instanceof ReferenceError)) throw error;
    throw invalid(file, `this is not YAML: ${error.message}`);
  }
}

function checkWhole({ heads, json: shape, lines }: Grammar, file: string): void {
  if ((heads.length === 0) === (shape === null)) {
    throw invalid(file, "it has either 'heads', for lines of text, or 'json'");
  }
  const ids = new Set<string>();
  for (const { id: each, patterns: given } of lines) {
    if (ids.has(each)) throw invalid(file, `lines: '${each}' is there twice`);
    ids.add(each);
    if ((given.length === 0) !== (shape !== null)) {
      throw invalid(file, `lines: '${each}': a line of text has a pattern, one of JSON has none`);
    }
    for (const { key, source } of given) {
      if (key.length < 4) throw invalid(file, `lines: '${each}': too little text in '${source}'`);
    }
  }
}

const invalid = (file: string, what: string): AgentError =>
  new AgentError(
    'GRAMMAR_INVALID',
    `${file}: ${what}`,
    'Correct the file; docs/PBX.md, section Logs, describes grammars.',
  );
