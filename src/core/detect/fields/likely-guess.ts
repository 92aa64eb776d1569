import { LIMITS } from '../../common/limits.js';
import { isProven } from '../../model/proof.js';
import type { TrapEvent } from '../../model/event.js';
import { createPasswordCheck } from '../../trap/proof/digest-response.js';
import { LIKELY_WORDS, likelyPasswordsOf } from '../../trap/proof/likely-passwords.js';

/** What was found of guesses, by their responses: a phone sends the same one again and again. */
let found = new Map<string, string>();
let second = 0;
let hashes = 0;

/**
 * The password that the credentials of an event were made with, when it is one of those that are
 * tried first; null when not, or nobody looked. Only events whose source is proven are looked at: a
 * forged one must neither accuse nor use up the hashes, of which there are `likelyHashesPerSecondMax`
 * in a second of event time. Whose nonce it is makes no difference then: over TCP the source is real
 * also with a nonce of its own making.
 */
export function likelyGuess({ message, proof, receivedAtUs }: TrapEvent): string | null {
  const { authorization: credentials, method } = message;
  if (credentials === null || credentials.response === '' || !isProven(proof)) return null;
  const { username, realm, nonce, uri, nc, cnonce, response } = credentials;
  if (response.length > LONGEST_RESPONSE) return null;
  // A response that two share is the same password, user and request: parts need no separator.
  const key = `${response} ${username} ${realm} ${nonce} ${uri} ${nc} ${cnonce} ${method ?? ''}`;
  if (key.length > LIMITS.likelyKeyCharsMax) return null;
  turnTo(Math.floor(receivedAtUs / 1e6));
  const before = found.get(key);
  if (before !== undefined) return before === '' ? null : before;
  if (hashes >= LIMITS.likelyHashesPerSecondMax) return null;
  const isRight = createPasswordCheck(credentials, method ?? '');
  if (isRight === null) return null;
  const candidates = [...likelyPasswordsOf(username), ...LIKELY_WORDS];
  hashes += candidates.length * 2;
  const password = candidates.find(isRight) ?? '';
  if (found.size >= LIMITS.likelyGuessesRememberedMax) found = new Map();
  found.set(key, password);
  return password === '' ? null : password;
}

/** Hexadecimal digits of SHA-256. */
const LONGEST_RESPONSE = 64;

/** Time that runs backwards is another story, which must not hang on what was played before. */
function turnTo(now: number): void {
  if (now < second) found = new Map();
  if (now !== second) hashes = 0;
  second = now;
}
