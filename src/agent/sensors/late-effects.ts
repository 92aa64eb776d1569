import type { Effect } from '../../core/flow.js';

/**
 * The effects of something that happened `ageUs` ago, as a log that is caught up with tells it: a block
 * counts from then, so the kernel holds it for what is left of its time. One whose time is over already
 * is ended at once. Returns the targets of those, beside the effects.
 */
export function ofThePast(
  effects: readonly Effect[],
  ageUs: number,
): { readonly effects: readonly Effect[]; readonly over: readonly string[] } {
  const ageS = Math.max(0, ageUs / 1_000_000);
  const over: string[] = [];
  const left = effects.flatMap((effect): Effect[] => {
    if (effect.kind !== 'firewall' || effect.change.kind !== 'add') return [effect];
    const { change } = effect;
    if (change.timeoutS === null) return [effect];
    const timeoutS = Math.ceil(change.timeoutS - ageS);
    if (timeoutS > 0) return [{ ...effect, change: { ...change, timeoutS } }];
    over.push(change.target);
    return [];
  });
  return { effects: left, over };
}
