import { withoutDialPrefix } from '../../src/core/sip/dialled-number.js';

/** A number in [0, 1) each time. */
export type Random = () => number;

/** One way to spell what means the same: a user part; null where it does not fit this one. */
export interface Spelling {
  readonly name: string;
  /** Only of whom an INVITE is for. */
  readonly called?: boolean;
  readonly user?: (user: string, random: Random) => string | null;
  /** Of a whole message, the bytes as latin1. */
  readonly message?: (raw: string, random: Random) => string;
}

const pick = <T>(list: readonly T[], random: Random): T | undefined =>
  list[Math.floor(random() * list.length)];
const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
const isNumber = (user: string): boolean => /^\+?\d{9,}$/.test(user);

function part(user: string, fillers: readonly string[], random: Random): string | null {
  if (!/^\+?\d{2,}$/.test(user)) return null;
  return Array.from(user)
    .map((digit) => digit + (random() < 0.4 ? (pick(fillers, random) ?? '') : ''))
    .join('');
}

const PARAMETERS = [
  ';isub=12',
  ';ext=7',
  ';postd=p22',
  ';user=phone',
  ';phone-context=pbx.example',
  ';npdi',
];

const USERS: readonly Spelling[] = [
  {
    name: 'a letter in front',
    called: true,
    user: (user, random) =>
      isNumber(user) ? `${pick(['a', 's', 'tel', 'p'], random)}${user}` : null,
  },
  {
    name: 'a plus behind the prefix',
    called: true,
    user: (user) => {
      const number = isNumber(user) ? withoutDialPrefix(user) : user;
      return number === user ? null : `${user.slice(0, -number.length)}+${number}`;
    },
  },
  {
    name: 'visual separators',
    user: (user, random) => part(user, ['-', '.', '(', ')'], random),
  },
  { name: 'fillers', user: (user, random) => part(user, ['~', '!', '/', '_', ','], random) },
  { name: 'escaped blanks', user: (user, random) => part(user, ['%20', '%09'], random) },
  {
    name: 'escaped characters',
    user: (user, random) =>
      Array.from(user)
        .map((char) => (/\w/.test(char) && random() < 0.5 ? hex(char) : char))
        .join(''),
  },
  { name: 'an escaped semicolon', user: (user) => `${user}%3bisub=1` },
  { name: 'parameters', user: (user, random) => user + (pick(PARAMETERS, random) ?? '') },
  { name: 'a password', user: (user) => `${user}:1234` },
];

/** What changes the whole message comes first, then what needs a bare number, so that they can be mixed. */
export const SPELLINGS: readonly Spelling[] = [
  {
    name: 'sips and capitals',
    message: (raw, random) =>
      raw.replace(/^(INVITE|OPTIONS|MESSAGE|SUBSCRIBE) sip:/, (_, method: string) => {
        const scheme = pick(['sips', 'SIP', 'SIPS', 'Sip'], random) ?? '';
        return `${method} ${scheme}:`;
      }),
  },
  {
    name: 'tel',
    message: (raw) =>
      raw
        .replace(/^INVITE sip:(\+?\d{9,})@[^\s;]+ /, 'INVITE tel:$1 ')
        .replace(/^(INVITE tel:[^]*\r\nTo: )<sip:(\+?\d{9,})@[^>]+>/, '$1<tel:$2>'),
  },
  {
    name: 'the number in To alone',
    message: (raw) => raw.replace(/^INVITE sip:\+?\d{9,}@/, 'INVITE sip:'),
  },
  ...USERS,
];

const USER = /(sips?:)([^@\s<>":;]+)(@)/i;
const LINES = /^(?:From|To|f|t) *:|^[A-Z]+ \S+ SIP\/2\.0$/i;

/** A message with its users spelled another way: in Request-URI, From and To. */
export function respell(raw: string, spelling: Spelling, random: Random): string {
  const { user: spell, message } = spelling;
  if (message !== undefined) return message(raw, random);
  if (spell === undefined) return raw;
  const isCall = raw.startsWith('INVITE ');
  const end = raw.indexOf('\r\n\r\n');
  const head = end === -1 ? raw : raw.slice(0, end);
  const lines = head.split('\r\n').map((line) => {
    if (!LINES.test(line) || (spelling.called === true && (!isCall || /^f/i.test(line))))
      return line;
    // Outside of brackets what follows a semicolon is the header's own.
    if (/^(?:From|To|f|t) *:/i.test(line) && !line.includes('<')) return line;
    return line.replace(USER, (all, scheme: string, user: string, at: string) => {
      const spelled = spell(user, random);
      return spelled === null ? all : `${scheme}${spelled}${at}`;
    });
  });
  return lines.join('\r\n') + raw.slice(head.length);
}
