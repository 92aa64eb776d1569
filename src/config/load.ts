import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import { quoteText } from '../core/common/text.js';
import {
  collectEnvironment,
  collectFile,
  collectFlags,
  nameOf,
  type Collected,
  type Given,
  type Problem,
} from './collect.js';
import { findConflicts } from './conflicts.js';
import { parseLines } from './parse-lines.js';
import { trialFolder, type Environment } from './resolve.js';
import {
  finishSettings,
  KEY_PLACES,
  writeValue,
  type KeyPlace,
  type Readings,
  type Settings,
} from './schema.js';

/** What settings are made from. `flags`: texts by key id (`listen_port`, `blocking.mode`). */
export interface SettingsSource {
  /** null: none, which makes it a trial. */
  readonly file: string | null;
  readonly env: Environment;
  readonly flags: Readonly<Record<string, string>>;
}

export interface LoadedSettings {
  readonly settings: Settings;
  readonly file: string | null;
  readonly trial: boolean;
  /** By key id: `FILE:LINE`, `environment`, `flag`, `default` or `trial`. */
  readonly origins: Readonly<Record<string, string>>;
  /** What was accepted and has no effect, one line each for who starts or checks the agent. */
  readonly notices: readonly string[];
  /** What these were made from, to make them again. */
  readonly source: SettingsSource;
  /** What is wrong with the configuration, of which the rest was taken; null: nothing is. */
  readonly fault: AgentError | null;
}

/**
 * Reads the configuration: flag before environment before file before default. Rejects with
 * AgentError CONFIG_MISSING, CONFIG_UNREADABLE or CONFIG_INVALID; the last names file and line, key,
 * what was read and what is allowed, and counts what else is wrong.
 */
export async function loadSettings(source: SettingsSource): Promise<LoadedSettings> {
  const text = source.file === null ? null : await readConfigFile(source.file);
  return decideSettings(source, text);
}

/**
 * The same for a command that only has to find an agent or its database: what can be read is taken,
 * for the rest the defaults, and `fault` says what is wrong. A typo must not keep an operator from
 * an agent that runs on with the settings before it. Rejects with CONFIG_MISSING alone.
 */
export async function loadWhatCanBeRead(source: SettingsSource): Promise<LoadedSettings> {
  if (source.file === null) return takeSettings(source, null);
  try {
    return takeSettings(source, await readConfigFile(source.file));
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'CONFIG_UNREADABLE') throw error;
    return { ...takeSettings(source, ''), fault: error };
  }
}

/** The same from a text already read; null for a trial. Throws AgentError CONFIG_INVALID. */
export function decideSettings(source: SettingsSource, text: string | null): LoadedSettings {
  const taken = takeSettings(source, text);
  if (taken.fault !== null) throw taken.fault;
  return taken;
}

/** Never throws: a key that cannot be read has its default, and `fault` names it. */
function takeSettings(source: SettingsSource, text: string | null): LoadedSettings {
  const fromFile = collectText(source.file ?? '', text ?? '');
  const fromEnv = collectEnvironment(source.env);
  const chosen = new Map<string, Given>();
  for (const given of [...fromFile.given, ...fromEnv.given, ...collectFlags(source.flags)]) {
    chosen.set(given.place.id, given);
  }
  const problems: Problem[] = [...fromFile.problems, ...fromEnv.problems];
  const values: Record<string, Record<string, unknown>> = {};
  const origins: Record<string, string> = {};
  const notYet = [...fromEnv.notYet];
  const folder = source.file === null ? trialFolder(source.env) : null;
  for (const place of KEY_PLACES) {
    const standard = standardOf(place, folder);
    let given = chosen.get(place.id) ?? standard;
    let reading = place.key.reader.read(given.text);
    if (!reading.ok) {
      problems.push({ where: given.where, what: badValue(given, reading.why) });
      given = standard;
      reading = place.key.reader.read(given.text);
    }
    if (reading.ok) (values[place.section] ??= {})[place.field] = reading.value;
    if (reading.ok && !place.key.served) {
      const asked = place.key.reader.write(reading.value) !== place.key.standard;
      if (asked) notYet.push(`${nameOf(place)} (${given.where})`);
    }
    origins[place.id] = given.origin;
  }
  const { top, ...sections } = values;
  // Every field of the table was read by its own reader, if only its default.
  const settings = finishSettings({ ...top, ...sections } as unknown as Readings);
  for (const { id, why, allowed } of findConflicts(settings)) {
    const given = chosen.get(id);
    if (given === undefined) continue;
    problems.push({ where: given.where, what: `${badText(given, why)}; allowed is ${allowed}` });
  }
  const { file } = source;
  const [notices, fault] = [noticesOf(notYet), faultOf(problems)];
  return { settings, file, trial: file === null, origins, notices, source, fault };
}

/** One key as `config show` tells it. */
export interface DescribedKey {
  readonly section: string | null;
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

/** Every key with the value in force and where it comes from, in the order of the table. `hide`: secrets left out. */
export const describeSettings = (
  loaded: LoadedSettings,
  secrets: 'show' | 'hide' = 'show',
): readonly DescribedKey[] =>
  KEY_PLACES.map((place) => ({
    section: place.section === 'top' ? null : place.section,
    key: place.key.key,
    value: place.key.secret && secrets === 'hide' ? '(hidden)' : writeValue(loaded.settings, place),
    origin: loaded.origins[place.id] ?? 'default',
  }));

const noticesOf = (notYet: readonly string[]): readonly string[] =>
  notYet.length === 0
    ? []
    : [
        `accepted, but this version does not serve it yet: ${notYet.join(', ')}` +
          ' (docs/SENTRYPEER.md); all else is in force',
      ];

function standardOf(place: KeyPlace, folder: string | null): Given {
  if (folder !== null && place.key.trialName !== null) {
    const text = join(folder, place.key.trialName);
    return { place, text, origin: 'trial', where: 'trial' };
  }
  return { place, text: place.key.standard, origin: 'default', where: 'default' };
}

function collectText(file: string, text: string): Collected {
  const { entries, problems } = parseLines(text);
  const collected = collectFile(file, entries);
  const oddLines = problems.map(({ line, what }) => ({ line, where: `${file}:${line}`, what }));
  return { ...collected, problems: [...oddLines, ...collected.problems] };
}

/** What is secret is not told, nor the part of a list that `why` begins with. */
const badText = (given: Given, why: string): string =>
  given.place.key.secret
    ? `${nameOf(given.place)}: what stands there (it is secret) is wrong: ${why.replace(/^'[^']*': /, '')}`
    : `${nameOf(given.place)}: read '${quoteText(given.text)}', but ${why}`;

const badValue = (given: Given, why: string): string =>
  `${badText(given, why)}; allowed is ${given.place.key.reader.allowed}`;

/** What is wrong beyond these is told once they are mended. */
const FAULTS_SHOWN = 4;

function faultOf(problems: readonly Problem[]): AgentError | null {
  if (problems.length === 0) return null;
  const shown = [...problems].sort(byLine).slice(0, FAULTS_SHOWN);
  const more = problems.length > FAULTS_SHOWN ? `; and ${problems.length - FAULTS_SHOWN} more` : '';
  return new AgentError(
    'CONFIG_INVALID',
    `${shown.map(({ where, what }) => `${where}: ${what}`).join('; ')}${more}`,
    `Correct it and type 'sentrypeer-agent config check'; docs/CONFIGURATION.md lists every key.`,
  );
}

const byLine = (a: Problem, b: Problem): number => lineOf(a) - lineOf(b);
const lineOf = ({ where }: Problem): number => Number(/:(\d+)$/.exec(where)?.[1] ?? 0);

async function readConfigFile(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw unreadable(file, error);
  }
  return bytes.toString('utf8');
}

async function readBounded(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.alloc(LIMITS.configFileBytesMax + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) break;
    }
    if (length > LIMITS.configFileBytesMax) {
      throw new AgentError(
        'CONFIG_UNREADABLE',
        `${file} is larger than ${LIMITS.configFileBytesMax} bytes: that is no configuration file`,
        'Name another file with -c.',
      );
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, error: unknown): AgentError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AgentError(
      'CONFIG_MISSING',
      `the configuration file ${file} is not there`,
      'Name another file with -c or SENTRYPEER_CONFIG, or leave both out for a trial.',
      error,
    );
  }
  const remedy =
    code === 'EACCES' || code === 'EPERM'
      ? 'Type the command as root (sudo), or as a user who may read the file.'
      : 'Name a regular file with -c or SENTRYPEER_CONFIG.';
  return new AgentError(
    'CONFIG_UNREADABLE',
    `the configuration file ${file} cannot be read (${code})`,
    remedy,
    error,
  );
}
