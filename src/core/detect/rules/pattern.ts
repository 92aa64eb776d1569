import { RE2JS } from 're2js';
import { LIMITS } from '../../common/limits.js';
import { detach } from '../../common/text.js';
import { shapeOf } from './pattern-shape.js';

/** True when the pattern is found in the text. */
export type PatternTest = (text: string) => boolean;

/** Patterns are literals of rules, so each is compiled once; old ones go when rules are reloaded. */
const patterns = new Map<string, RE2JS>();

/** Compiles a pattern, or throws RE2JSException for a bad one. */
export function patternOf(source: string): RE2JS {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  const pattern = RE2JS.compile(source);
  const oldest = patterns.size < LIMITS.conditionPatternsMax ? undefined : patterns.keys().next();
  if (oldest?.done === false) patterns.delete(oldest.value);
  patterns.set(source, pattern);
  return pattern;
}

/** What a pattern means, slowly. */
export const findPattern = (text: string, source: string): boolean => patternOf(source).test(text);

/** One class of characters, so many times, from end to end: linear in any engine. */
const ONE_CLASS = /^\^\[[A-Za-z0-9-]+\]\{\d+(?:,\d*)?\}\$$/;

/**
 * The test of a pattern for latin-1 text. RE2 is what it means; JavaScript's engine, twenty times as
 * fast, runs it where that is the same, or finds out that RE2 need not be asked. `recurs`: the text is
 * often that of the event before.
 */
export function patternTest(source: string, recurs: boolean): PatternTest {
  const test = freshTest(source);
  return recurs ? remembering(test) : test;
}

function freshTest(source: string): PatternTest {
  if (ONE_CLASS.test(source)) return testWith(new RegExp(source));
  const { whole, filter } = shapeOf(source);
  if (whole !== null) return testWith(whole);
  const ask = askRe2(source);
  return filter === null ? ask : (text) => filter.test(text) && ask(text);
}

/** Knows the answer for the last text, when it is not long. */
function remembering(test: PatternTest): PatternTest {
  let last = '';
  let answer = test(last);
  return (text) => {
    if (text === last) return answer;
    const found = test(text);
    if (text.length <= LIMITS.conditionAnswerCharsMax) {
      last = text;
      answer = found;
    }
    return found;
  };
}

const testWith =
  (regexp: RegExp): PatternTest =>
  (text) =>
    regexp.test(text);

/** The same texts come again and again (User-Agent), so the last answers are kept. */
function askRe2(source: string): PatternTest {
  const pattern = patternOf(source);
  const answers = new Map<string, boolean>();
  return (text) => {
    if (text.length > LIMITS.conditionAnswerCharsMax) return pattern.test(text);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = pattern.test(text);
    if (answers.size >= LIMITS.conditionAnswersMax) answers.clear();
    answers.set(detach(text), answer);
    return answer;
  };
}
