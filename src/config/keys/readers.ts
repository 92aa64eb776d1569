import { quoteText } from '../../core/common/text.js';
import { isIP } from 'node:net';
import { canonicalAddress, parseCidr } from '../../core/common/address.js';
import { readSeconds, writeSeconds } from '../../core/common/duration.js';
import { LIMITS } from '../../core/common/limits.js';
import { isCronExpression } from './cron.js';

/** What a reader made of one text: the value, or a sentence part that says why it is none. */
export type Reading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/**
 * How values of one kind are read from, and written to, the text right of `=`.
 * `write` is the inverse of `read`: what it returns reads back as the same value.
 */
export interface ValueReader<T> {
  /** What is allowed, in words, for error messages and the documentation. */
  readonly allowed: string;
  read(text: string): Reading<T>;
  write(value: T): string;
}

const good = <T>(value: T): Reading<T> => ({ ok: true, value });
const bad = (why: string): { readonly ok: false; readonly why: string } => ({ ok: false, why });

const BYTES_OF_UNIT = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

/** A span of time, in seconds. */
export function duration(secondsMin: number, secondsMax: number): ValueReader<number> {
  const allowed = `a duration such as 90s, 10m, 4h or 7d, from ${writeSeconds(secondsMin)} to ${writeSeconds(secondsMax)}`;
  return {
    allowed,
    read(text) {
      const seconds = readSeconds(text);
      if (seconds === null) return bad('it is no duration');
      if (seconds < secondsMin || seconds > secondsMax) return bad('it is out of range');
      return good(seconds);
    },
    write: writeSeconds,
  };
}

/** A size, in bytes. */
export function size(bytesMin: number): ValueReader<number> {
  return {
    allowed: `a size such as 512KiB, 64MiB or 1GiB, at least ${writeBytes(bytesMin)}`,
    read(text) {
      const match = /^(\d{1,12})(B|KiB|MiB|GiB)$/.exec(text);
      if (match === null) return bad('it is no size');
      // The expression admits exactly the keys of the table.
      const bytes = Number(match[1]) * BYTES_OF_UNIT[match[2] as keyof typeof BYTES_OF_UNIT];
      if (bytes < bytesMin || !Number.isSafeInteger(bytes)) return bad('it is out of range');
      return good(bytes);
    },
    write: writeBytes,
  };
}

function writeBytes(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const count = bytes / BYTES_OF_UNIT[unit];
    if (count >= 1 && Number.isInteger(count)) return `${count}${unit}`;
  }
  return `${bytes}B`;
}

/** A whole number; `what` names it in words (`a port`). */
export function integer(min: number, max: number, what = 'a whole number'): ValueReader<number> {
  return {
    allowed: `${what} from ${min} to ${max}`,
    read(text) {
      if (!/^\d{1,15}$/.test(text)) return bad('it is no whole number');
      const value = Number(text);
      return value < min || value > max ? bad('it is out of range') : good(value);
    },
    write: String,
  };
}

/** A number that may have a fraction. */
export function decimal(min: number, max: number): ValueReader<number> {
  return {
    allowed: `a number from ${min} to ${max}`,
    read(text) {
      if (!/^\d{1,10}(\.\d{1,6})?$/.test(text)) return bad('it is no number');
      const value = Number(text);
      return value < min || value > max ? bad('it is out of range') : good(value);
    },
    write: String,
  };
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

export const truth: ValueReader<boolean> = {
  allowed: 'true or false',
  read(text) {
    const value = Object.hasOwn(TRUTHS, text.toLowerCase()) ? TRUTHS[text.toLowerCase()] : null;
    return typeof value === 'boolean' ? good(value) : bad('it is neither true nor false');
  },
  write: String,
};

/** One of a few words. */
export function choice<const W extends string>(words: readonly W[]): ValueReader<W> {
  return {
    allowed: orOf(words),
    read(text) {
      const found = words.find((word) => word === text);
      return found === undefined ? bad('it is none of these words') : good(found);
    },
    write: (value) => value,
  };
}

const orOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;

/** The path of a file or folder: absolute, because a service has no working folder. */
export const path: ValueReader<string> = {
  allowed: 'an absolute path, such as /var/lib/name',
  read: (text) =>
    /^\/[^\0]*$/.test(text) && text.length <= LIMITS.configPathCharsMax
      ? good(text)
      : bad(text.startsWith('/') ? 'it is too long' : 'it is no absolute path'),
  write: (value) => value,
};

/** A path, or nothing: null. */
export const optionalPath: ValueReader<string | null> = {
  allowed: `${path.allowed}; may be empty`,
  read: (text) => (text === '' ? good(null) : path.read(text)),
  write: (value) => value ?? '',
};

/** ISO 3166 code of a country in capitals, or nothing: null. `UK` is taken for GB. */
export const country: ValueReader<string | null> = {
  allowed: 'two letters of ISO 3166, such as GB; may be empty',
  read: (text) => {
    if (text === '') return good(null);
    const code = /^[a-z]{2}$/i.test(text) ? new Intl.Locale(`und-${text}`).region : undefined;
    const name = code === undefined ? undefined : REGIONS.of(code);
    if (code === undefined || name === undefined || code === 'ZZ') return bad('it is no country');
    return good(code);
  },
  write: (value) => value ?? '',
};

const REGIONS = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

export const domain: ValueReader<string> = {
  allowed: 'a host or domain name, such as pbx.example.org',
  read: (text) =>
    text.length <= 253 &&
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text)
      ? good(text)
      : bad('it is no host name'),
  write: (value) => value,
};

/** A word that may stand in a list, such as a password. */
export const word: ValueReader<string> = {
  allowed: 'a word of up to 64 printable characters without a comma',
  read: (text) => (/^[!-+\--~]{1,64}$/.test(text) ? good(text) : bad('it is no such word')),
  write: (value) => value,
};

export const cron: ValueReader<string> = {
  allowed: 'a cron expression of five fields: minute hour day-of-month month day-of-week',
  read: (text) => (isCronExpression(text) ? good(text) : bad('it is no cron expression')),
  write: (value) => value,
};

/** A name of the IANA time zone database; null for empty. */
export const timeZone: ValueReader<string | null> = {
  allowed: 'a time zone such as Europe/Berlin or UTC; may be empty',
  read: (text) => {
    if (text === '') return good(null);
    try {
      new Intl.DateTimeFormat('en', { timeZone: text });
      return good(text);
    } catch {
      return bad('this zone is not known');
    }
  },
  write: (zone) => zone ?? '',
};

export const address: ValueReader<string> = {
  allowed: 'an IPv4 or IPv6 address',
  read(text) {
    const canonical = canonicalAddress(text);
    return canonical === null || text.includes('%') ? bad('it is no IP address') : good(canonical);
  },
  write: (value) => value,
};

/** An address or a network; the value is canonical CIDR text with its length. */
export const network: ValueReader<string> = {
  allowed: 'an address, or a network such as 192.0.2.0/24 or 2001:db8::/32',
  read(text) {
    const cidr = parseCidr(text);
    if (cidr !== null) return good(cidr.text);
    if (isIP(text.split('/')[0] ?? '') !== 0) return bad('bits beyond its length are set');
    return bad(
      domain.read(text).ok && /[a-z]/i.test(text)
        ? 'a host name cannot stand here, give the address'
        : 'it is no address',
    );
  },
  write: (value) => value,
};

/**
 * An address, a network, or a host name, which the agent resolves and keeps resolving. The value is
 * canonical CIDR text, or the name in small letters.
 */
export const peer: ValueReader<string> = {
  allowed: 'an address, a network such as 192.0.2.0/24, or a host name such as sip.example.org',
  read(text) {
    const reading = network.read(text);
    if (reading.ok || !/[a-z]/i.test(text) || text.includes(':')) return reading;
    return domain.read(text).ok ? good(text.toLowerCase()) : bad('it is no host name');
  },
  write: (value) => value,
};

/** One argument of a program: printable, without a comma, for the comma parts the list. */
export const argument: ValueReader<string> = {
  allowed: 'a word of printable characters',
  read: (text) => (/^[\x20-\x7e]{1,1024}$/.test(text) ? good(text) : bad('it is no such word')),
  write: (value) => value,
};

/** The agent's own port, or a number: `trap` stands for what `listen_port` says. */
export const sipPort: ValueReader<number | 'trap'> = {
  allowed: 'the word trap or a port from 1 to 65535',
  read: (text) => (text === 'trap' ? good('trap') : integer(1, 65_535).read(text)),
  write: String,
};

/** Values of one kind, separated by commas, each at most once. */
export function listOf<T>(
  item: ValueReader<T>,
  countMin: 0 | 1,
  countMax: number = LIMITS.configListItemsMax,
): ValueReader<readonly T[]> {
  return {
    allowed: `a list, separated by commas, of: ${item.allowed}${countMin === 0 ? '; may be empty' : ''}`,
    read(text) {
      const parts = text === '' ? [] : text.split(',').map((part) => part.trim());
      if (parts.length < countMin) return bad('the list is empty');
      if (parts.length > countMax) return bad('the list is too long');
      const values: T[] = [];
      for (const part of parts) {
        const reading = item.read(part);
        if (!reading.ok)
          return parts.length === 1 ? reading : bad(`'${quoteText(part)}': ${reading.why}`);
        if (!values.includes(reading.value)) values.push(reading.value);
      }
      return good(values);
    },
    write: (values) => values.map((value) => item.write(value)).join(', '),
  };
}
