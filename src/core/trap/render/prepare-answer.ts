import type { AnswerHeader, AnswerKind, Persona } from '../persona.js';

/**
 * An answer of one kind and status, all written but what hangs on the request: the text before each
 * header that does, and after the last of them. Every header begins with its own line end.
 */
export interface PreparedAnswer {
  readonly texts: readonly string[];
  /** Places in VARIABLE. */
  readonly slots: readonly number[];
}

/** From the fullest form of an answer to the barest; the last three have no body. */
export type AnswerForms = readonly PreparedAnswer[];

/** Left out first when an answer must be short, then all but what an answer needs. */
const DISPENSABLE: ReadonlySet<AnswerHeader> = new Set([
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Allow-Events',
  'Content-Type',
  'Content-Disposition',
]);
const NEEDED: ReadonlySet<AnswerHeader> = new Set([
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Challenge',
  'Unsupported',
  'Content-Length',
]);
/** Headers that every request has another value for, then those that some answers have one for. */
export const VARIABLE: readonly AnswerHeader[] = [
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Date',
  'Challenge',
  'Unsupported',
  'Contact',
  'Expires',
  'Content-Length',
];

export const hasSdp = (as: AnswerKind, persona: Persona): boolean =>
  as === 'accepted' || (as === 'options' && persona.sdpInOptions);

const prepared = new WeakMap<Persona, Map<string, AnswerForms>>();

/** The forms of an answer of a persona; written once, for they hang on nothing else. */
export function answerForms(persona: Persona, as: AnswerKind, status: number): AnswerForms {
  let ofPersona = prepared.get(persona);
  if (ofPersona === undefined) {
    ofPersona = new Map();
    prepared.set(persona, ofPersona);
  }
  const key = `${as} ${status}`;
  let forms = ofPersona.get(key);
  if (forms === undefined) {
    forms = prepare(persona, as, status);
    ofPersona.set(key, forms);
  }
  return forms;
}

function prepare(persona: Persona, as: AnswerKind, status: number): AnswerForms {
  const whole = persona.orders[as];
  const [productName] = persona.product;
  const full = prepareOne(persona, as, status, whole, hasSdp(as, persona));
  // An answer that opens a call goes to proven sources alone, who have no bound.
  if (as === 'accepted') return [full];
  const shorter = [
    whole.filter((name) => !DISPENSABLE.has(name)),
    whole.filter((name) => NEEDED.has(name) || name === productName),
    whole.filter((name) => NEEDED.has(name)),
  ];
  return [full, ...shorter.map((order) => prepareOne(persona, as, status, order, false))];
}

function prepareOne(
  persona: Persona,
  as: AnswerKind,
  status: number,
  order: readonly AnswerHeader[],
  withBody: boolean,
): PreparedAnswer {
  const texts: string[] = [];
  const slots: number[] = [];
  let text = `SIP/2.0 ${status} ${persona.reasons[status] ?? 'Unknown'}`;
  for (const name of order) {
    if (isVariable(name, as, withBody)) {
      texts.push(text);
      slots.push(VARIABLE.indexOf(name));
      text = '';
      continue;
    }
    const value = fixedValue(persona, as, name);
    if (value !== null) text += `\r\n${name}: ${value}`;
  }
  texts.push(`${text}\r\n\r\n`);
  return { texts, slots };
}

function isVariable(name: AnswerHeader, as: AnswerKind, withBody: boolean): boolean {
  switch (name) {
    case 'Challenge':
      return as === 'challenge' || as === 'call-challenge';
    case 'Unsupported':
      return as === 'extension';
    case 'Contact':
      return true;
    case 'Expires':
      return as === 'registered';
    case 'Content-Length':
      return withBody;
    default:
      return VARIABLE.includes(name);
  }
}

function fixedValue(persona: Persona, as: AnswerKind, name: AnswerHeader): string | null {
  const [productName, product] = persona.product;
  if (name === 'Content-Length') return '0'.padStart(persona.lengthWidth.empty);
  if (name === 'Content-Type' && hasSdp(as, persona)) return 'application/sdp';
  return name === productName ? product : (persona.fixed[name] ?? null);
}
