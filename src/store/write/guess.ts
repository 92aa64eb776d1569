import { hash } from 'node:crypto';
import { LIMITS } from '../../core/common/limits.js';
import type { EventRecord } from '../../core/model/event.js';
import type { DigestCredentials } from '../../core/model/sip-message.js';
import { createPasswordCheck } from '../../core/trap/proof/digest-response.js';
import { LIKELY_WORDS, likelyPasswordsOf } from '../../core/trap/proof/likely-passwords.js';
import type { EventFacts } from '../event-facts.js';

/** The digest credentials of one event: a password that was tried. Packet text is unescaped. */
export interface Guess {
  readonly eventId: number;
  readonly atUs: number;
  readonly source: string;
  readonly method: string;
  readonly credentials: DigestCredentials;
  /** The password, when it is one of the list; null when it is not, or was not looked up. */
  readonly password: string | null;
}

/** Names the passwords of guesses. One for each persister, because it counts what it costs. */
export interface PasswordNamer {
  /** The guess of an event; null when it carries no digest response. */
  read(record: EventRecord, facts: EventFacts): Guess | null;
}

/**
 * Looks each distinct response up in the list once, and in what attackers make of the user name. At
 * most `guessHashesPerSecondMax` hashes in a second of event time: what comes above that is
 * recorded without its password. Two hashes, some 1.4 microseconds, a word (measured).
 */
export function createPasswordNamer(words: readonly string[]): PasswordNamer {
  let known = new Map<string, string | null>();
  let second = 0;
  let hashes = 0;

  const lookUp = (credentials: DigestCredentials, method: string, atUs: number): string | null => {
    const key = keyOf(credentials, method);
    const before = known.get(key);
    if (before !== undefined) return before;
    const now = Math.floor(atUs / 1_000_000);
    if (now !== second) hashes = 0;
    second = now;
    const isRight = createPasswordCheck(credentials, method);
    if (isRight === null || hashes >= LIMITS.guessHashesPerSecondMax) return null;
    const candidates = ['', ...likelyPasswordsOf(credentials.username), ...LIKELY_WORDS, ...words];
    hashes += candidates.length * 2;
    const password = candidates.find(isRight) ?? null;
    if (known.size >= LIMITS.guessesRememberedMax) known = new Map();
    known.set(key, password);
    return password;
  };

  return {
    read: (record, { credentials, method }) => {
      if (credentials === null || credentials.response === '') return null;
      const { id, receivedAtUs, source } = record;
      return {
        eventId: id,
        atUs: receivedAtUs,
        source: source.address,
        method: method ?? '',
        credentials,
        password: lookUp(credentials, method ?? '', receivedAtUs),
      };
    },
  };
}

/** A hash: credentials may be as long as a message, and many are remembered. */
function keyOf(credentials: DigestCredentials, method: string): string {
  const { username, realm, nonce, uri, response, cnonce, nc } = credentials;
  const text = [username, realm, nonce, uri, response, cnonce, nc, method].join('\n');
  return hash('sha256', text, 'base64');
}
