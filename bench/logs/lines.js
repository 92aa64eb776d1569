// A made-up `full` log of Asterisk, as a PBX under attack writes it: its own news, calls, phones that
// register, and among them attackers. Deterministic.
import { createRandom } from '../detect/messages.js';

const pad = (value, width = 2) => String(value).padStart(width, '0');

/** Times that go on by 20 ms a line. */
function timeOf(index) {
  const date = new Date(Date.UTC(2026, 10, 30) + index * 20);
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
  return `${day} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`;
}

const event = (time, name, account, source, tail = '') =>
  `[${time}] SECURITY[2201] res_security_log.c: SecurityEvent="${name}",EventTV="${time.replace(' ', 'T')}.123+0000"` +
  `,Severity="Error",Service="PJSIP",EventVersion="1",AccountID="${account}",SessionID="a${account}b@198.51.100.5"` +
  `,LocalAddress="IPV4/UDP/198.51.100.5/5060",RemoteAddress="IPV4/UDP/${source}/5060"${tail}`;

const RESPONSE =
  ',Challenge="1796085121/140a022a03dfcb36","Response"="21f4"'.replace('"Response"', 'Response') +
  ',ExpectedResponse=""';

/** What each kind of line is, by its share. */
const MIXES = {
  /** Every line is one that names somebody. */
  security: [
    [30, (time, n, source) => event(time, 'InvalidAccountID', n, source)],
    [30, (time, n, source) => event(time, 'ChallengeSent', '<unknown>', source, ',Challenge=""')],
    [30, (time, n, source) => event(time, 'ChallengeResponseFailed', n, source, RESPONSE)],
    [10, (time, n, source) => event(time, 'SuccessfulAuth', n, source, ',UsingPassword="1"')],
  ],
  /** Nine of ten lines are the PBX's news. */
  full: [
    [
      45,
      (time, n) =>
        `[${time}] VERBOSE[2301][C-0000${n}] pbx.c: Executing [${n}@from-internal:1] Set("PJSIP/${n}-0000a3", "CALLERID(number)=${n}") in new stack`,
    ],
    [
      25,
      (time, n) => `[${time}] VERBOSE[2301][C-0000${n}] app_dial.c: PJSIP/${n}-0000a4 is ringing`,
    ],
    [
      20,
      (time, n) =>
        `[${time}] VERBOSE[2204] res_pjsip_registrar.c: Added contact 'sip:${n}@203.0.113.50:5060' to AOR '${n}' with expiration of 3600 seconds`,
    ],
    [
      10,
      (time, n, source) =>
        `[${time}] NOTICE[2204] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:${n}@198.51.100.5>' failed for '${source}:5060' (callid: ${n}x) - No matching endpoint found`,
    ],
  ],
};

/** `count` lines of a mix. */
export function makeLines(mix, count) {
  const random = createRandom(1);
  const kinds = MIXES[mix].flatMap(([share, write]) => Array(share).fill(write));
  return Array.from({ length: count }, (_, index) => {
    const source = `203.0.113.${Math.floor(random() * 250) + 1}`;
    const write = kinds[Math.floor(random() * kinds.length)];
    return write(timeOf(index), 1_000 + Math.floor(random() * 9_000), source);
  });
}
