import { resolve } from 'node:path';

/** SentryPeer's letters as flags of `run`, and the variables that stand for the others. */
export interface ReadLetters {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Letters without a value: the variable of SentryPeer that means the same. */
const SWITCHES: Readonly<Record<string, string | undefined>> = {
  j: 'SENTRYPEER_JSON_LOG',
  p: 'SENTRYPEER_PEER_TO_PEER',
  a: 'SENTRYPEER_API',
  r: 'SENTRYPEER_SIP_RESPONSIVE',
  R: 'SENTRYPEER_SIP_DISABLE',
  N: 'SENTRYPEER_TLS_DISABLE',
  s: 'SENTRYPEER_SYSLOG',
};

const VALUES: Readonly<Record<string, string | undefined>> = {
  f: 'SENTRYPEER_DB_FILE',
  l: 'SENTRYPEER_JSON_LOG_FILE',
  t: 'SENTRYPEER_CERT',
  k: 'SENTRYPEER_KEY',
  z: 'SENTRYPEER_TLS_LISTEN_ADDRESS',
  b: 'SENTRYPEER_BOOTSTRAP_NODE',
  i: 'SENTRYPEER_OAUTH2_CLIENT_ID',
  w: 'SENTRYPEER_WEBHOOK_URL',
};

/** In the C program these are relative to where it is started; keys here are absolute. */
const FILES = new Set(['f', 'l', 't', 'k']);

interface Letter {
  readonly letter: string;
  readonly value: string;
}

/**
 * Reads a command line of SentryPeer's C program, such as `-draps` or `-ras -f FILE`. Null when it
 * holds a word or a letter that program does not have, or only letters that `run` has itself. Beside
 * letters of its own, `-d` is its debug mode, and `-c` beside `-i` its OAuth secret, which is
 * dropped: a secret must not be repeated on the terminal.
 */
export function readLetters(args: readonly string[], folder: string): ReadLetters | null {
  const long = args.filter((arg) => arg.startsWith('--'));
  const letters = splitLetters(args.filter((arg) => !arg.startsWith('--')));
  if (letters === null || letters.every(({ letter }) => 'cdvhV'.includes(letter))) return null;
  const env: Record<string, string> = {};
  const own: string[] = [];
  const hasClient = letters.some(({ letter }) => letter === 'i');
  for (const { letter, value } of letters) {
    const variable = SWITCHES[letter] ?? VALUES[letter];
    if (variable !== undefined && value !== '') {
      env[variable] = FILES.has(letter) ? resolve(folder, value) : value;
    }
    if (letter === 'w' && value === '') env['SENTRYPEER_WEB_GUI'] = '1';
    if (letter === 'g' || (letter === 'c' && !hasClient)) own.push('-c', value);
    if ((letter === 'v' || letter === 'd') && !own.includes('-v')) own.push('-v');
  }
  return { args: [...own, ...long], env };
}

function splitLetters(args: readonly string[]): readonly Letter[] | null {
  const letters: Letter[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!/^-[A-Za-z]/.test(arg)) return null;
    let rest = arg.slice(1);
    while (rest !== '') {
      const letter = rest.slice(0, 1);
      rest = rest.slice(1);
      if (Object.hasOwn(SWITCHES, letter) || 'dv'.includes(letter)) {
        letters.push({ letter, value: '1' });
      } else if (letter === 'w' && /^[a-zA-Z]+$/.test(rest)) {
        // Up to version 1 it was the web page, and stood among the others: -draws.
        letters.push({ letter, value: '' });
      } else if (Object.hasOwn(VALUES, letter) || 'cg'.includes(letter)) {
        const value = rest === '' ? args[(at += 1)] : rest;
        if (value === undefined) return null;
        letters.push({ letter, value });
        rest = '';
      } else return null;
    }
  }
  return letters;
}
