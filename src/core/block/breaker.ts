import { cidrOf, type Cidr } from '../common/address.js';
import { LIMITS } from '../common/limits.js';

/**
 * The spoof-storm breaker: counts the sources that came to be blocked without proof in the running
 * minute. A flood of forged addresses would otherwise fill the sets with strangers. In a storm it
 * takes more than a forger cares to send for each of them; who sends that is blocked all the same.
 */
export interface Breaker {
  minute: number;
  /** New sources in this minute, those of stormy networks left out. */
  newUnproven: number;
  /** New sources in this minute by their wide network (`stormPrefix`). */
  readonly newByNetwork: Map<string, number>;
  /** Blocks made during a storm in this minute. */
  sustained: number;
  /** A storm from everywhere; it lasts until a whole minute has stayed below the bound. */
  tripped: boolean;
  /** Wide networks in whose name alone a storm goes on. */
  readonly stormy: Set<string>;
  /** What brought the last storm, for a person; null: calm. */
  reason: string | null;
  /** Sources refused since the start, until they had sent what a storm asks for. */
  refused: number;
}

/** A source that comes to be blocked without proof. */
export interface Candidate {
  readonly target: Cidr;
  /** It has not been counted yet. */
  readonly isNew: boolean;
  /** Its different messages that a rule laid to it and that we answered, since it was noticed. */
  readonly answered: number;
}

const MINUTE_US = 60_000_000;

export const createBreaker = (): Breaker => ({
  minute: 0,
  newUnproven: 0,
  newByNetwork: new Map(),
  sustained: 0,
  tripped: false,
  stormy: new Set(),
  reason: null,
  refused: 0,
});

/** True when this source may be blocked without proof now. */
export function admitUnproven(
  breaker: Breaker,
  candidate: Candidate,
  perMinuteMax: number,
  nowUs: number,
): boolean {
  settleBreaker(breaker, perMinuteMax, nowUs);
  const network = wideNetwork(candidate.target);
  if (candidate.isNew) countNew(breaker, network, perMinuteMax);
  if (!breaker.tripped && !breaker.stormy.has(network)) return true;
  if (candidate.answered >= LIMITS.suspects.stormAnsweredMin && breaker.sustained < perMinuteMax) {
    breaker.sustained += 1;
    return true;
  }
  if (candidate.isNew) breaker.refused += 1;
  return false;
}

/** Half of all may come from one wide network before it is a storm in its name. */
const shareOf = (perMinuteMax: number): number => Math.ceil(perMinuteMax / 2);

function countNew(breaker: Breaker, network: string, perMinuteMax: number): void {
  const { newByNetwork, stormy } = breaker;
  const known = newByNetwork.get(network) ?? 0;
  if (known > 0 || newByNetwork.size < LIMITS.suspects.stormNetworksMax) {
    newByNetwork.set(network, known + 1);
    const share = shareOf(perMinuteMax);
    if (known >= share && !stormy.has(network)) {
      stormy.add(network);
      breaker.reason = `more than ${share} new unproven sources of ${network} in a minute`;
    }
  }
  // Else one network would bring the storm over all.
  if (stormy.has(network)) return;
  breaker.newUnproven += 1;
  if (breaker.newUnproven <= perMinuteMax || breaker.tripped) return;
  breaker.tripped = true;
  breaker.reason = `more than ${perMinuteMax} new unproven sources in a minute`;
}

/**
 * Takes note of a minute that is over. A storm ends when it was calm; the minute in which it began
 * never was, so that it lasts one whole minute at least.
 */
export function settleBreaker(breaker: Breaker, perMinuteMax: number, nowUs: number): void {
  const minute = Math.floor(nowUs / MINUTE_US);
  if (minute === breaker.minute) return;
  const silent = minute !== breaker.minute + 1;
  const { newByNetwork, stormy } = breaker;
  if (silent || breaker.newUnproven <= perMinuteMax) breaker.tripped = false;
  for (const network of stormy) {
    const calm = (newByNetwork.get(network) ?? 0) <= shareOf(perMinuteMax);
    if (silent || calm) stormy.delete(network);
  }
  if (!breaker.tripped && stormy.size === 0) breaker.reason = null;
  breaker.minute = minute;
  breaker.newUnproven = 0;
  breaker.sustained = 0;
  newByNetwork.clear();
}

/** An IPv4 /16, an IPv6 /32: what is given out as one, and forged as one. */
function wideNetwork({ text, family, prefix }: Cidr): string {
  const wide = family === 4 ? 16 : 32;
  if (prefix <= wide) return text;
  return cidrOf(text.slice(0, text.indexOf('/')), wide)?.text ?? text;
}
