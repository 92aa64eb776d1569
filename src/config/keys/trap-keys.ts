import { LIMITS } from '../../core/common/limits.js';
import { PERSONA_NAMES } from '../../core/trap/persona.js';
import { key, secretKey } from './key.js';
import { choice, duration, integer, listOf, truth, word } from './readers.js';

const DAY_S = 86_400;

/** How the trap answers: keys above the sections. */
export const TRAP_KEYS = {
  persona: key(
    'persona',
    choice(PERSONA_NAMES),
    'asterisk',
    'What the trap claims to be: its product, its headers, its answer to each method.',
  ),
  answering: key(
    'answering',
    choice(['active', 'passive']),
    'active',
    'active answers as the persona would; passive only listens, and answers nothing.',
  ),
  digestAlgorithms: key(
    'digest_algorithms',
    listOf(choice(['MD5', 'SHA-256']), 1),
    'MD5',
    'Algorithms of the digest challenges, the preferred one first (RFC 8760).',
  ),
  answersPerSecondPerSource: key(
    'answers_per_second_per_source',
    integer(1, 1_000_000, 'answers'),
    '250',
    'Answers that one address gets in a second; what is above it is withheld and counted.',
  ),
  answersPerSecondPerNetwork: key(
    'answers_per_second_per_network',
    integer(1, 1_000_000, 'answers'),
    '2000',
    'The same for all addresses of an IPv4 /24 or IPv6 /48 together.',
  ),
  lure: key(
    'lure',
    truth,
    'false',
    'Lets in whoever guesses a weak password, and records what he then does and dials.',
  ),
  lurePasswords: secretKey(
    'lure_passwords',
    listOf(word, 1, LIMITS.lurePasswordsMax),
    '1234, 12345, 123456, 0000, 1111, password, secret, changeme',
    'The passwords with which anybody is let in while the lure is on.',
  ),
  callsMax: key(
    'max_calls',
    integer(0, LIMITS.callsMax),
    '0',
    'Calls that the trap holds at once; 0 for as many as its bound.',
  ),
  callDurationMaxS: key(
    'max_call_duration',
    duration(1, DAY_S),
    '2m',
    'A call that lasts longer is taken for ended.',
  ),
} as const;
