import type { AddBlock } from '../api/calls.js';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import { quoteText } from '../core/model/text.js';

/** What a line says that names no time, scope or reason of its own. */
export interface ImportDefaults {
  readonly scope: 'all' | 'sip';
  readonly durationS: number | null;
  readonly reason: string;
  readonly force: boolean;
  readonly wide?: boolean;
}

export interface ReadBlocks {
  readonly blocks: readonly AddBlock[];
  /** Lines that hold no block, by number from 1. */
  readonly odd: readonly number[];
}

/**
 * Reads what `blocks export` writes, in each of its formats, and plain lists of others: one
 * target a line, the rest of the line is passed over, `#` and `;` begin comments. Remaining times are
 * kept. Throws AgentError USAGE for JSON that is no listing of blocks, or too much.
 */
export function readBlocks(text: string, defaults: ImportDefaults, nowMs: number): ReadBlocks {
  if (text.trimStart().startsWith('{')) return readJson(text, defaults, nowMs);
  const lines = text.split(/\r?\n/);
  const [head = ''] = lines;
  const columns = head.startsWith('target,') ? head.split(',') : null;
  const blocks: AddBlock[] = [];
  const odd: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (isNothing(line) || (columns !== null && index === 0)) continue;
    const block =
      columns === null ? readLine(line, defaults) : readCsv(line, columns, defaults, nowMs);
    if (block === null) odd.push(index + 1);
    else blocks.push(block);
    if (blocks.length > LIMITS.restoredRowsMax) throw tooMany();
  }
  return { blocks, odd };
}

/** Blank, a comment, or the head of an export for another program. */
const isNothing = (line: string): boolean =>
  /^\s*([#;].*)?$/.test(line) || /^(create |add (table|set) )/.test(line);

const NFT_LINE = /^add element \S+ \S+ \w+_(\d{1,3}) \{ (\S+?)(?: timeout (\d+)s)? \}$/;
const MIKROTIK_LINE = /^\/ipv?6? firewall address-list add .*?address=(\S+)(?: timeout=(\d+)s)?/;
const IPSET_LINE = /^add \S+ (\S+?)(?: timeout (\d+))?(?: -exist)?$/;

/** Seconds of 0 mean no end to ipset. */
function timed(target: string, text: string | undefined, defaults: ImportDefaults) {
  const seconds = text === undefined ? defaults.durationS : Number(text);
  return blockOf(target, { ...defaults, durationS: seconds === 0 ? null : seconds });
}

function readLine(line: string, defaults: ImportDefaults): AddBlock | null {
  const nft = NFT_LINE.exec(line);
  if (nft !== null) return timed(`${nft[2] ?? ''}/${nft[1] ?? ''}`, nft[3], defaults);
  const ipset = IPSET_LINE.exec(line);
  if (ipset !== null) return timed(ipset[1] ?? '', ipset[2], defaults);
  const mikrotik = MIKROTIK_LINE.exec(line);
  if (mikrotik !== null) return timed(mikrotik[1] ?? '', mikrotik[2], defaults);
  const [target = ''] = line.trim().split(/[\s,;#]+/);
  return blockOf(target, defaults);
}

function readCsv(
  line: string,
  columns: readonly string[],
  defaults: ImportDefaults,
  nowMs: number,
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

function readJson(text: string, defaults: ImportDefaults, nowMs: number): ReadBlocks {
  let listing: unknown;
  try {
    listing = JSON.parse(text);
  } catch (error) {
    throw noListing(error instanceof Error ? error.message : String(error));
  }
  const rows: unknown = (listing as { blocks?: unknown } | null)?.blocks;
  if (!Array.isArray(rows)) throw noListing('it has no list `blocks`');
  if (rows.length > LIMITS.restoredRowsMax) throw tooMany();
  const blocks: AddBlock[] = [];
  const odd: number[] = [];
  for (const [index, row] of rows.entries()) {
    const block = readRow(row as Readonly<Record<string, unknown>> | null, defaults, nowMs);
    if (block === null) odd.push(index + 1);
    else blocks.push(block);
  }
  return { blocks, odd };
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
    scope: scope === 'all' || scope === 'sip' ? scope : defaults.scope,
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
  if (!/^[0-9a-fA-F:.]{2,45}(\/\d{1,3})?$/.test(target)) return null;
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
