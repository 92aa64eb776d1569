// What others would have caught: small models of fail2ban's asterisk filter and of CrowdSec's
// scenarios, over the lines that an Asterisk would have logged for the same messages. As at the trap,
// nobody has an account there, and no peer is configured. Sources: fail2ban config/filter.d/
// asterisk.conf; crowdsecurity/hub asterisk-logs, asterisk_bf, asterisk_user_enum; Asterisk
// res/res_pjsip/pjsip_distributor.c and channels/chan_sip.c.
//
// | message                    | chan_sip, alwaysauthreject, allowguest      | PJSIP                      |
// |----------------------------|---------------------------------------------|----------------------------|
// | REGISTER                   | Registration from … No matching peer found  | No matching endpoint found |
// | INVITE without To-tag      | Call from … extension not found             | No matching endpoint found |
// | INVITE with a To-tag       | nothing (481)                               | No matching endpoint found |
// | any other request, not ACK | nothing that the filter knows               | No matching endpoint found |
// | with credentials, besides  | nothing more                                | Failed to authenticate     |
// | ACK, response, no SIP      | nothing                                     | nothing                    |
//
// With `security` logging on, PJSIP also writes InvalidAccountID with the user of From, which is the
// one line that CrowdSec's parser reads here: the account of the other, ChallengeResponseFailed, is
// `<unknown>`, and that is no user name to it. The lines were held against the filter of fail2ban 1.0.2.

const NEEDED = ['via', 'from', 'to', 'call-id', 'cseq'];

/** The lines for one parsed message: how many of each, and the `account` that CrowdSec reads. */
export function linesOf(message, transport) {
  const nothing = { chanSip: 0, pjsip: 0, account: null };
  if (message.kind !== 'request' || message.method === 'ACK') return nothing;
  if (NEEDED.some((name) => message.header(name) === null)) return nothing;
  const { method, fromUser, requestUser, toTag } = message;
  const has = (name) => message.header(name) !== null;
  const answered = has('authorization') || has('proxy-authorization');
  // The filter takes what stands between two quotes, so a quote in it hides the line.
  const quoted = method === 'REGISTER' ? message.header('from') : requestUser;
  const inDialog = toTag !== null && toTag !== '';
  const known = method === 'REGISTER' || (method === 'INVITE' && !inDialog);
  const isRead = ['udp', 'tcp'].includes(transport) && /^[\w.-]+$/.test(fromUser ?? '');
  return {
    chanSip: known && !(quoted ?? '').includes("'") ? 1 : 0,
    pjsip: answered ? 2 : 1,
    account: isRead ? fromUser : null,
  };
}

/**
 * fail2ban's defaults: five failures in ten minutes. The section [asterisk] of the jail.conf that comes
 * with it wants ten.
 */
export function createFail2ban({ maxRetry = 5, findTimeS = 600 } = {}) {
  const failures = new Map();
  return function isBanned(address, lines, atS) {
    const recent = (failures.get(address) ?? []).filter((at) => atS - at < findTimeS);
    for (let line = 0; line < lines; line += 1) recent.push(atS);
    failures.set(address, recent.slice(-maxRetry));
    return recent.length >= maxRetry;
  };
}

/** A leaky bucket of CrowdSec: overflows with the sixth event that has not leaked out at 10 s each. */
export function createCrowdsec({ capacity = 5, leakS = 10, distinct }) {
  const buckets = new Map();
  return function overflows(address, account, atS) {
    if (account === null) return false;
    const known = buckets.get(address);
    const isDead = known === undefined || atS - known.atS >= capacity * leakS;
    const bucket = isDead ? { level: 0, atS, accounts: new Set() } : known;
    buckets.set(address, bucket);
    if (distinct && bucket.accounts.has(account)) return false;
    bucket.accounts.add(account);
    bucket.level = Math.max(0, bucket.level - (atS - bucket.atS) / leakS) + 1;
    bucket.atS = atS;
    return bucket.level > capacity;
  };
}

/** The others, each as a function (address, lines, atS) that tells whether it bans now. */
export function createOthers() {
  const [pjsip, chanSip, shipped] = [
    createFail2ban(),
    createFail2ban(),
    createFail2ban({ maxRetry: 10 }),
  ];
  const guesses = createCrowdsec({ distinct: false });
  const users = createCrowdsec({ distinct: true });
  return {
    'fail2ban, PJSIP': (address, lines, atS) => pjsip(address, lines.pjsip, atS),
    'fail2ban, chan_sip': (address, lines, atS) => chanSip(address, lines.chanSip, atS),
    'fail2ban, PJSIP, 10': (address, lines, atS) => shipped(address, lines.pjsip, atS),
    CrowdSec: (address, { account }, atS) => {
      const isGuesser = guesses(address, account, atS);
      return users(address, account, atS) || isGuesser;
    },
  };
}
