import { LIMITS } from '../common/limits.js';

/**
 * How often a target was blocked with proof before, so that each return is blocked for longer.
 * The least recently blocked is forgotten first when the bound is reached.
 */
export interface Returns {
  readonly countByTarget: Map<string, number>;
}

export function createReturns(counts: Iterable<readonly [string, number]> = []): Returns {
  const returns: Returns = { countByTarget: new Map() };
  for (const [target, count] of counts) setCount(returns, target, count);
  return returns;
}

export const returnsOf = (returns: Returns, target: string): number =>
  returns.countByTarget.get(target) ?? 0;

export function countReturn(returns: Returns, target: string): void {
  setCount(returns, target, returnsOf(returns, target) + 1);
}

function setCount(returns: Returns, target: string, count: number): void {
  // Deleting first moves the target to the end: a Map keeps the order of insertion.
  returns.countByTarget.delete(target);
  returns.countByTarget.set(target, count);
  if (returns.countByTarget.size <= LIMITS.returnsMax) return;
  const oldest = returns.countByTarget.keys().next();
  if (oldest.done !== true) returns.countByTarget.delete(oldest.value);
}
