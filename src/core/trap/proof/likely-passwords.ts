import { LIMITS } from '../../common/limits.js';

/**
 * What attackers try first beside the extension itself: the words at the top of the lists that come
 * with their tools and of published honeypot counts. Short: detection hashes each for every guess.
 * `rules/passwords.txt` is the long list, by which the store names what was tried.
 */
export const LIKELY_WORDS: readonly string[] = [
  ...['1234', '12345', '123456', '1234567', '12345678', '123456789', '1234567890', '123', '0000'],
  ...['000000', '1111', '111111', '4321', '654321', '123123', '123321', '112233', '666666'],
  ...['888888', 'password', 'Password', 'passw0rd', 'P@ssw0rd', 'pass', 'admin', 'admin123'],
  ...['secret', 'changeme', 'default', 'test', 'test123', 'asterisk', 'sip', 'voip', 'phone'],
  ...['qwerty', 'abc123', 'a1b2c3', '1q2w3e4r', 'welcome'],
];

/** What attackers make of a user name: itself, twice, backwards, and with digits around it. */
export function likelyPasswordsOf(username: string): readonly string[] {
  const user = username.slice(0, LIMITS.guessedUserCharsMax);
  if (user === '') return [];
  const backwards = Array.from(user).reverse().join('');
  const after = ['1', '12', '123', '1234', '12345', '!'].map((end) => user + end);
  return [user, user + user, backwards, ...after, `1${user}`, `123${user}`];
}
