import { quoteText } from '../core/common/text.js';
import type { ConfigEntry } from './parse-lines.js';
import { REFERENCE_FILE_KEYS, readReference } from './reference-words.js';
import { CONFIG_VARIABLE, CONFIG_VARIABLES, type Environment } from './resolve.js';
import { KEYS, KEY_PLACES, type KeyPlace } from './schema.js';
import { suggest } from './suggest.js';

/** A text given for a key, and the place it comes from. */
export interface Given {
  readonly place: KeyPlace;
  readonly text: string;
  /** `FILE:LINE`, `environment` or `flag`. */
  readonly origin: string;
  /** The place in an error message: `FILE:LINE`, the variable's name or `flag`. */
  readonly where: string;
}

/** Something wrong in the configuration, as one line that names the place. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

export interface Collected {
  readonly given: readonly Given[];
  readonly problems: readonly Problem[];
  /** What SentryPeer would do and this program does not yet; one name of a variable each. */
  readonly notYet: readonly string[];
}

/** The texts that the entries of a file give, each key at most once. */
export function collectFile(file: string, entries: readonly ConfigEntry[]): Collected {
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const where = `${file}:${entry.line}`;
    const section = entry.section ?? 'top';
    const variable = entry.section === null ? REFERENCE_FILE_KEYS.get(entry.key) : undefined;
    const meant = variable === undefined ? null : readReference(variable, entry.value);
    const place = KEY_PLACES.find(
      (candidate) => candidate.section === section && candidate.key.key === entry.key,
    );
    if (meant === null && (place === undefined || entry.section === 'top')) {
      problems.push({ where, what: unknownKey(entry) });
      continue;
    }
    const texts = meant?.texts ?? { [place?.id ?? '']: entry.value };
    for (const each of giveTexts(texts, where, where)) {
      const first = given.get(each.place.id);
      if (first === undefined) given.set(each.place.id, each);
      else {
        const what = `${nameOf(each.place)} was given before, at ${first.where}`;
        problems.push({ where, what });
      }
    }
  }
  return { given: [...given.values()], problems, notYet: [] };
}

/** The texts that variables give; a SENTRYPEER_ variable that is no key is a problem. */
export function collectEnvironment(env: Environment): Collected {
  const given: Given[] = [];
  const reference: Given[] = [];
  const problems: Problem[] = [];
  const notYet: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('SENTRYPEER_') || CONFIG_VARIABLES.includes(variable)) continue;
    if (text === undefined) continue;
    const meant = readReference(variable, text.trim());
    if (meant !== null) {
      reference.push(...giveTexts(meant.texts, 'environment', variable));
      if (meant.refusal !== undefined) problems.push({ where: variable, what: meant.refusal });
      if (meant.notYet === true) notYet.push(variable);
      continue;
    }
    const place = KEY_PLACES.find((candidate) => candidate.variable === variable);
    if (place !== undefined) {
      given.push({ place, text: text.trim(), origin: 'environment', where: variable });
      continue;
    }
    const near = suggest(variable, [...KEY_PLACES.map((known) => known.variable), CONFIG_VARIABLE]);
    problems.push({
      where: `environment variable ${quoteText(variable)}`,
      what: `no key has this name${didYouMean(near)}`,
    });
  }
  // Where both are set, the variable that is named after the key counts.
  return { given: [...reference, ...given], problems, notYet };
}

/** The texts that flags give, by key id. An id that does not exist is a fault of the caller. */
export const collectFlags = (flags: Readonly<Record<string, string>>): readonly Given[] =>
  giveTexts(flags, 'flag', 'flag');

const giveTexts = (
  texts: Readonly<Record<string, string>>,
  origin: string,
  where: string,
): readonly Given[] =>
  Object.entries(texts).map(([id, text]) => {
    const place = KEY_PLACES.find((candidate) => candidate.id === id);
    if (place === undefined) throw new TypeError(`no configuration key is named '${id}'`);
    return { place, text, origin, where };
  });

/** `[blocking] mode`, or `listen_port`: as a person finds it in the file. */
export const nameOf = (place: KeyPlace): string =>
  place.section === 'top' ? place.key.key : `[${place.section}] ${place.key.key}`;

const didYouMean = (near: string | null): string =>
  near === null ? '' : `; did you mean '${near}'?`;

function unknownKey(entry: ConfigEntry): string {
  const sections = Object.keys(KEYS).filter((name) => name !== 'top');
  const section = entry.section;
  if (section !== null && !sections.includes(section)) {
    const near = suggest(section, sections);
    return (
      `unknown section [${quoteText(section)}]${didYouMean(near)}` +
      ` (sections: ${sections.join(', ')})`
    );
  }
  const name = quoteText(section === null ? entry.key : `[${section}] ${entry.key}`);
  const elsewhere = KEY_PLACES.find((place) => place.key.key === entry.key);
  if (elsewhere !== undefined) {
    const at = elsewhere.section === 'top' ? 'above the sections' : `in [${elsewhere.section}]`;
    return `unknown key ${name}; ${entry.key} belongs ${at}`;
  }
  const here = KEY_PLACES.filter((place) => place.section === (section ?? 'top'));
  const near =
    suggest(
      entry.key,
      here.map((place) => place.key.key),
    ) ??
    suggest(
      entry.key,
      KEY_PLACES.map((place) => place.key.key),
    );
  const place = KEY_PLACES.find((candidate) => candidate.key.key === near);
  return `unknown key ${name}${didYouMean(place === undefined ? null : nameOf(place))}`;
}
