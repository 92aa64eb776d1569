import { cidrOf } from '../common/address.js';
import { LIMITS } from '../common/limits.js';

/** What one source, or one network, may still be sent. Counted anew in each window. */
export interface Allowance {
  bytesIn: number;
  bytesOut: number;
  /** Answers that may go now: a bucket that fills with time (tokens). */
  tokens: number;
  filledAtUs: number;
}

/**
 * How much was answered to whom. Both maps are thrown away when the window ends or one is full;
 * what is forgotten so never lets more out than three bytes for each byte in, because each window
 * keeps to that by itself.
 */
export interface AnswerBudget {
  readonly sources: Map<string, Allowance>;
  readonly networks: Map<string, Allowance>;
  windowBeganUs: number;
  /** How often a full map was thrown away before its window ended. */
  forgotten: number;
}

/** Answers a second, to one source and to one network (an IPv4 /24, an IPv6 /48). */
export interface AnswerRates {
  readonly perSource: number;
  readonly perNetwork: number;
}

/** To a source without proof, bytes out for one byte in: the bound of RFC 9000 section 8.1. */
const AMPLIFICATION_MAX = 3;
const WINDOW_US = 60_000_000;

export const createAnswerBudget = (): AnswerBudget => ({
  sources: new Map(),
  networks: new Map(),
  windowBeganUs: 0,
  forgotten: 0,
});

/** What a source, by its identity (model/identity.ts), may be sent in this window. For one packet: it may be forgotten after that. */
export function sourceAllowance(budget: AnswerBudget, identity: string, nowUs: number): Allowance {
  renew(budget, nowUs);
  return allowanceOf(budget, budget.sources, identity, nowUs);
}

/** Takes one answer from the rates of the source and of its network; false: both keep theirs. */
export function takeAnswer(
  budget: AnswerBudget,
  source: Allowance,
  address: string,
  rates: AnswerRates,
  nowUs: number,
): boolean {
  const network = allowanceOf(budget, budget.networks, networkOf(address), nowUs);
  const sourceHas = fill(source, rates.perSource, nowUs) >= 1;
  const networkHas = fill(network, rates.perNetwork, nowUs) >= 1;
  if (!sourceHas || !networkHas) return false;
  source.tokens -= 1;
  network.tokens -= 1;
  return true;
}

/** Bytes that an unproven source may still be sent. */
export const bytesLeft = ({ bytesIn, bytesOut }: Allowance): number =>
  bytesIn * AMPLIFICATION_MAX - bytesOut;

function renew(budget: AnswerBudget, nowUs: number): void {
  const age = nowUs - budget.windowBeganUs;
  if (age >= 0 && age < WINDOW_US) return;
  budget.sources.clear();
  budget.networks.clear();
  budget.windowBeganUs = nowUs;
}

function allowanceOf(
  budget: AnswerBudget,
  map: Map<string, Allowance>,
  key: string,
  nowUs: number,
): Allowance {
  const known = map.get(key);
  if (known !== undefined) return known;
  if (map.size >= LIMITS.answerAllowancesMax) {
    map.clear();
    budget.forgotten += 1;
  }
  const fresh = { bytesIn: 0, bytesOut: 0, tokens: Number.POSITIVE_INFINITY, filledAtUs: nowUs };
  map.set(key, fresh);
  return fresh;
}

/** A bucket holds the answers of one second, and begins full. */
function fill(allowance: Allowance, perSecond: number, nowUs: number): number {
  const earned = ((nowUs - allowance.filledAtUs) / 1_000_000) * perSecond;
  allowance.tokens = Math.min(perSecond, allowance.tokens + Math.max(0, earned));
  allowance.filledAtUs = nowUs;
  return allowance.tokens;
}

function networkOf(address: string): string {
  // Cutting at the last dot costs a hundredth of reading the address.
  const dot = address.lastIndexOf('.');
  return dot === -1 ? (cidrOf(address, 48)?.text ?? address) : address.slice(0, dot);
}
