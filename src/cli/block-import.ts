import { isIP } from 'node:net';
import type { AddBlock } from '../api/calls.js';
import { SCOPES, type Scope } from '../core/model/block.js';
import { AgentError, messageOf } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import { quoteText } from '../core/common/text.js';

/** What a line says that names no time, scope or reason of its own. */
export interface ImportDefaults {
  readonly scope: Scope;
  readonly durationS: number | null;
  readonly reason: string;
  readonly force: boolean;
  readonly wide?: boolean;
}

export interface ReadBlocks {
  readonly blocks: readonly AddBlock[];
  /** What holds no block, the first of it. */
  readonly odd: readonly OddPart[];
  readonly oddTotal: number;
}

/** A part of a list that was not understood, or whose time is over; lines count from 1. */
export interface OddPart {
  readonly line: number;
  readonly text: string;
}

const ODD_SHOWN_MAX = 20;
const ODD_CHARS_MAX = 60;

/** Gathers what a list says. */
interface Reading {
  readonly defaults: ImportDefaults;
  readonly nowMs: number;
  readonly blocks: AddBlock[];
  readonly odd: OddPart[];
  oddTotal: number;
}

/** Takes a block, or what stood where one should. Throws AgentError USAGE for too many. */
function take(reading: Reading, line: number, text: string, block: AddBlock | null): void {
  if (block !== null) {
    reading.blocks.push(block);
    if (reading.blocks.length > LIMITS.restoredRowsMax) throw tooMany();
    return;
  }
  reading.oddTotal += 1;
  if (reading.odd.length >= ODD_SHOWN_MAX) return;
  reading.odd.push({ line, text: quoteText(text.trim().slice(0, ODD_CHARS_MAX)) });
}

/**
 * Reads what `blocks export` writes, in each of its formats, and lists of others: targets parted by
 * space or comma, `#` and `;` begin comments; what `fail2ban-client get JAIL banip` (also
 * `--with-time`), `ipset save` and `nft list set` print, and hosts.deny. Remaining times are kept. Every
 * word that is not understood is told. Throws AgentError USAGE for JSON that is no listing of blocks,
 * or too much.
 */
export function readBlocks(text: string, defaults: ImportDefaults, nowMs: number): ReadBlocks {
  const reading: Reading = { defaults, nowMs, blocks: [], odd: [], oddTotal: 0 };
  if (/^\s*(?:\{|\[\s*[{"])/.test(text)) readJson(reading, text);
  else if (/^table \w+ \S+ \{/m.test(text)) readNftListing(reading, text);
  else readLines(reading, text.split(/\r?\n/));
  const { blocks, odd, oddTotal } = reading;
  return { blocks, odd, oddTotal };
}

function readLines(reading: Reading, lines: readonly string[]): void {
  const [head = ''] = lines;
  const columns = head.startsWith('target,') ? head.split(',') : null;
  for (const [index, line] of lines.entries()) {
    if (isNothing(line) || (columns !== null && index === 0)) continue;
    if (columns === null) readLine(reading, line, index + 1);
    else take(reading, index + 1, line, readCsv(line, columns, reading));
  }
}

/** Blank, a comment, or the head of an export for another program. */
const isNothing = (line: string): boolean =>
  /^\s*([#;].*)?$/.test(line) ||
  /^(?:(?:create|flush|swap|destroy|delete table|add (?:table|set|chain)) |\/ipv?6? firewall address-list remove )/.test(
    line,
  ) ||
  /^add rule \S+ \S+ blocked ip6? saddr (?:& \S+ )?@blocked_\w+ drop$/.test(line);

const NFT_LINE = /^add element \S+ \S+ \w+_(\d{1,3}) \{ (\S+?)(?: timeout (\w+))? \}$/;
const MIKROTIK_LINE = /^\/ipv?6? firewall address-list add .*?address=(\S+)(?: timeout=(\d+)s)?/;
const IPSET_LINE = /^add \S+ (\S+)( .*)?$/;
/** `fail2ban-client get JAIL banip --with-time`; its times are local. */
const FAIL2BAN_LINE =
  /^(\S+)\s+(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+ (-?\d{1,12}) = \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
/** hosts.deny(5): daemons, clients, and perhaps an option. */
const HOSTS_LINE = /^(?![0-9a-fA-F]{1,4}:)[A-Za-z][\w.@, -]*?\s*:\s*(.+?)(?:\s+:\s*(\S.*))?$/;

/** Seconds of 0 mean no end to ipset. */
function timed(target: string, text: string | undefined, defaults: ImportDefaults) {
  const seconds = text === undefined ? defaults.durationS : Number(text);
  return blockOf(target, { ...defaults, durationS: seconds === 0 ? null : seconds });
}

function readLine(reading: Reading, line: string, number: number): void {
  const { defaults } = reading;
  const one = (target: string, seconds: string | undefined): void => {
    take(reading, number, line, timed(target, seconds, defaults));
  };
  const nft = NFT_LINE.exec(line);
  if (nft !== null) {
    const seconds = nft[3] === undefined ? undefined : String(nftSeconds(nft[3]));
    one(`${nft[2] ?? ''}/${nft[1] ?? ''}`, seconds);
    return;
  }
  const ipset = IPSET_LINE.exec(line);
  if (ipset !== null) {
    // An exception to a network is no block.
    const how = (ipset[2] ?? '').replace(/"[^"]*"/g, '');
    one(/ nomatch\b/.test(how) ? '' : (ipset[1] ?? ''), / timeout (\d{1,12})/.exec(how)?.[1]);
    return;
  }
  const mikrotik = MIKROTIK_LINE.exec(line);
  if (mikrotik !== null) {
    one(mikrotik[1] ?? '', mikrotik[2]);
    return;
  }
  const fail2ban = FAIL2BAN_LINE.exec(line.trim());
  if (fail2ban !== null) {
    take(reading, number, line, readFail2ban(fail2ban, reading));
    return;
  }
  readWords(reading, line, number);
}

/** Targets parted by spaces or commas, in hosts.deny behind the daemons. */
function readWords(reading: Reading, line: string, number: number): void {
  const bare = line.replace(/[#;].*$/, '').trim();
  const [, clients, option = 'deny'] = HOSTS_LINE.exec(bare) ?? [];
  if (clients !== undefined && (!/^deny$/i.test(option) || /\bEXCEPT\b/.test(clients))) {
    take(reading, number, line, null);
    return;
  }
  for (const word of (clients ?? bare).split(/[\s,]+/)) {
    const target = word.replace(/^[['"]+|[\]'"]+$/g, '');
    if (target !== '') take(reading, number, word, blockOf(target, reading.defaults));
  }
}

function readFail2ban(
  [, target = '', day = '', time = '', seconds = '']: readonly string[],
  { defaults, nowMs }: Reading,
): AddBlock | null {
  if (Number(seconds) < 0) return blockOf(target, { ...defaults, durationS: null });
  // Without a zone it is read as local time.
  const endMs = Date.parse(`${day}T${time}`) + Number(seconds) * 1000;
  const durationS = Math.ceil((endMs - nowMs) / 1000);
  return durationS > 0 ? blockOf(target, { ...defaults, durationS }) : null;
}

/** What stands in a set of nft's beside its elements. */
const NFT_WORDS =
  /^(?:\}|type |typeof |flags |size |timeout |gc-interval |counter$|auto-merge$|policy |comment |table |set )/;

/** What `nft list set` prints: its elements, with the length of our own sets' names. */
function readNftListing(reading: Reading, text: string): void {
  let length: string | null = null;
  let within = false;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    let line = raw.trim();
    const name = /^set (\w+) \{/.exec(line)?.[1];
    if (name !== undefined)
      length = /^(?:all|sip|forced)_ipv[46]_(\d{1,3})$/.exec(name)?.[1] ?? null;
    const begin = /^elements = \{/.exec(line);
    if (begin !== null) {
      within = true;
      line = line.slice(begin[0].length);
    }
    if (!within) {
      if (line !== '' && !NFT_WORDS.test(line)) take(reading, index + 1, line, null);
      continue;
    }
    if (line.endsWith('}')) {
      within = false;
      line = line.slice(0, -1);
    }
    // A comment may hold a comma.
    for (const part of line.replace(/"[^"]*"/g, '').split(',')) {
      if (part.trim() !== '') take(reading, index + 1, part, readNftElement(part, length, reading));
    }
  }
}

function readNftElement(
  element: string,
  length: string | null,
  { defaults }: Reading,
): AddBlock | null {
  const [target = '', ...words] = element.trim().split(/\s+/);
  const valueOf = (name: string): string | undefined =>
    words.includes(name) ? words[words.indexOf(name) + 1] : undefined;
  const time = valueOf('expires') ?? valueOf('timeout');
  const durationS = time === undefined ? defaults.durationS : nftSeconds(time);
  const whole = length === null || target.includes('/') ? target : `${target}/${length}`;
  return blockOf(whole, { ...defaults, durationS });
}

/** Seconds of a time as nft writes it: `1d2h3m4s5ms`. */
function nftSeconds(text: string): number {
  let ms = 0;
  const each = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
  for (const [, digits, unit] of text.matchAll(/(\d{1,15})(ms|[wdhms])/g)) {
    // The expression lets no other unit through.
    ms += Number(digits) * each[unit as keyof typeof each];
  }
  return Math.max(1, Math.ceil(ms / 1000));
}

function readCsv(
  line: string,
  columns: readonly string[],
  { defaults, nowMs }: Reading,
): AddBlock | null {
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, bare]) =>
      (quoted?.replaceAll('""', '"') ?? bare ?? '').replace(/^'(?=[=+\-@])/, ''),
  );
  const row = Object.fromEntries(columns.map((name, at) => [name, fields[at] ?? '']));
  return readRow(
    { ...row, expires_at: row['expires_at'] === '' ? null : row['expires_at'] },
    defaults,
    nowMs,
  );
}

function readJson(reading: Reading, text: string): void {
  let listing: unknown;
  try {
    listing = JSON.parse(text);
  } catch (error) {
    throw noListing(messageOf(error));
  }
  const rows: unknown = (listing as { blocks?: unknown } | null)?.blocks;
  if (!Array.isArray(rows)) throw noListing('it has no list `blocks`');
  for (const [index, row] of rows.entries()) {
    const fields = row as Readonly<Record<string, unknown>> | null;
    const block = readRow(fields, reading.defaults, reading.nowMs);
    take(reading, index + 1, JSON.stringify(row).slice(0, ODD_CHARS_MAX), block);
  }
}

/** An object as `blocks list --json` has it; null when it is none, or when its time is over. */
function readRow(
  row: Readonly<Record<string, unknown>> | null,
  defaults: ImportDefaults,
  nowMs: number,
): AddBlock | null {
  const { target, scope, reason, expires_at: expiresAt } = row ?? {};
  if (typeof target !== 'string') return null;
  const left = secondsUntil(expiresAt, nowMs);
  if (left === 'over') return null;
  return blockOf(target, {
    ...defaults,
    scope: SCOPES.find((each) => each === scope) ?? defaults.scope,
    durationS: left === 'unsaid' ? defaults.durationS : left,
    reason: typeof reason === 'string' && reason !== '' ? reason : defaults.reason,
  });
}

function secondsUntil(time: unknown, nowMs: number): number | null | 'unsaid' | 'over' {
  if (time === null) return null;
  if (typeof time !== 'string') return 'unsaid';
  const seconds = Math.ceil((Date.parse(time) - nowMs) / 1000);
  if (Number.isNaN(seconds)) return 'unsaid';
  return seconds <= 0 ? 'over' : seconds;
}

function blockOf(target: string, how: ImportDefaults): AddBlock | null {
  // The agent says what is wrong with a target; here only what is no target at all is sorted out.
  const [address = '', length = '0', more] = target.split('/');
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(length) || more !== undefined) return null;
  const { scope, durationS, reason, force, wide = false } = how;
  return { target, scope, duration_s: durationS, reason: reason.slice(0, 500), force, wide };
}

const noListing = (why: string): AgentError =>
  new AgentError(
    'USAGE',
    `the JSON holds no listing of blocks: ${quoteText(why)}`,
    'give what `blocks export --format json` wrote, or a list with one target a line',
  );

const tooMany = (): AgentError =>
  new AgentError(
    'USAGE',
    `more than ${LIMITS.restoredRowsMax} blocks in one import`,
    'import them in parts',
  );
