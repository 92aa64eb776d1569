import { kernelScope, type FirewallChange } from '../../core/model/block.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { safeText } from '../../core/common/text.js';
import type { ActualBlock, FirewallOwner } from '../../firewall/port.js';
import { foreignOwner } from '../../firewall/select.js';
import { compareFirewall, secondsLeft, type Comparison } from './compare.js';
import { restoreSoon, syncAll } from './write.js';
import type { Keeping } from './keeper-state.js';

/** An element older than this without a block is a leftover, not the work of a crash. */
const YOUNG_S = 600;
/** A full look may take one hundredth of the time: 2 s and 190 MB of nft's at 100,000 blocks. */
const FULL_LOOK_SHARE = 100;

/** True for an element that may stand for a block of the last moments before a crash. */
export const isYoung = ({ ageS }: ActualBlock): boolean => ageS !== null && ageS < YOUNG_S;

/**
 * Puts our rules back where they are gone: at once, and once more when something is lost while it
 * works. Resolves to what was found and never rejects; `lastError` says what failed.
 */
export function repairSoon(keeping: Keeping): Promise<string> {
  if (!keeping.chosen.enforcing) return Promise.resolve(keeping.chosen.why);
  keeping.lostAgain = true;
  keeping.repairing ??= repair(keeping)
    .catch((error: unknown) => {
      keeping.lastError = messageOf(error);
      keeping.options.say(`the firewall could not be repaired: ${keeping.lastError}`);
      return keeping.lastError;
    })
    .finally(() => {
      keeping.repairing = null;
    });
  return keeping.repairing;
}

async function repair(keeping: Keeping): Promise<string> {
  const { firewall, options } = keeping;
  let said = 'our rules are there';
  while (keeping.lostAgain) {
    keeping.lostAgain = false;
    if (await restoreSoon(keeping)) {
      said = noteRepair(keeping, 'our rules had been taken away');
      continue;
    }
    const { owner: other, present, foreign } = await firewall.look();
    if (other !== null && other.id !== options.owner.id) {
      const why = standBack(keeping, other);
      await firewall.close();
      return why;
    }
    if (present && !keeping.unwritten) continue;
    await syncAll(keeping, () => void repairSoon(keeping));
    said = noteRepair(
      keeping,
      foreign.length > 0
        ? describeForeign(foreign)
        : 'our rules had been taken away, or written anew by another program',
    );
  }
  return said;
}

const FOREIGN_SHOWN_MAX = 3;
const FOREIGN_CHARS_MAX = 100;

/** Rules of others may carry any text in a comment. */
function describeForeign(foreign: readonly string[]): string {
  const shown = foreign
    .slice(0, FOREIGN_SHOWN_MAX)
    .map((each) => safeText(each).slice(0, FOREIGN_CHARS_MAX));
  const more = foreign.length - shown.length;
  const rest = more === 0 ? '' : `, and ${more} more`;
  return `others had changed our table, which is as it must be again (${shown.join('; ')}${rest})`;
}

/** Another agent has the table now: two that take it from each other would protect nobody. */
function standBack(keeping: Keeping, other: FirewallOwner): string {
  const { state, say } = keeping.options;
  const why = `observing, not blocking: ${foreignOwner(other)}`;
  keeping.chosen = { ...keeping.chosen, enforcing: false, why };
  state.settings = { ...state.settings, policy: { ...state.settings.policy, observing: true } };
  say(why);
  keeping.options.onStandBack();
  return why;
}

function noteRepair(keeping: Keeping, what: string): string {
  const { nowUs, say } = keeping.options;
  keeping.repairs += 1;
  keeping.lastRepair = { atUs: nowUs(), what };
  say(`firewall repaired: ${what}`);
  return `repaired: ${what}`;
}

/**
 * Looks whether our rules are there, and when it is time at each block. Rejects with FIREWALL_FAILED
 * when the firewall could not be looked at or mended.
 */
export async function checkAll(keeping: Keeping, depth: 'quick' | 'full'): Promise<string> {
  if (!keeping.chosen.enforcing) return 'observing: nothing to compare';
  const before = keeping.repairs;
  const said = await repairSoon(keeping);
  if (keeping.lastError === said) {
    throw new AgentError('FIREWALL_FAILED', said, 'see the log of the agent');
  }
  const mayLook = isEnforcing(keeping) && keeping.repairs === before;
  const due = depth === 'full' || keeping.options.nowUs() >= keeping.nextFullUs;
  if (!keeping.firewall.readable) return 'this backend cannot be read back: nothing to compare';
  return mayLook && due ? fullLook(keeping) : said;
}

/** Asked anew: it may have stood back meanwhile. */
const isEnforcing = ({ chosen }: Keeping): boolean => chosen.enforcing;

async function fullLook(keeping: Keeping): Promise<string> {
  const { firewall, options, drops } = keeping;
  const { state, nowUs } = options;
  const startUs = nowUs();
  const comparison = await compareFirewall(firewall, state, drops, startUs);
  keeping.nextFullUs = nowUs() + (nowUs() - startUs) * FULL_LOOK_SHARE;
  if (comparison === null) return repairSoon(keeping);
  const { actual, missing, extra } = comparison;
  keeping.compared = { atUs: startUs, actual, differing: missing.length + extra.length };
  const what = mend(keeping, comparison);
  await keeping.queue.idle();
  await keepDrops(keeping);
  return what === null ? `${actual} blocks, as they should be` : noteRepair(keeping, what);
}

async function keepDrops({ options, drops }: Keeping): Promise<void> {
  const ids = new Set<number>();
  for (const { id } of options.state.blocks.table.byTarget.values()) ids.add(id);
  for (let taken = drops.takeChanged(); taken.length > 0; taken = drops.takeChanged()) {
    await options.recordDrops(taken);
  }
  drops.keepOnly((id) => ids.has(id));
}

/** Mends what differs; null when nothing does. */
function mend(keeping: Keeping, { missing, extra }: Comparison): string | null {
  const { options, queue, freed } = keeping;
  const known = options.state.blocks.table.byTarget;
  const mayAdopt = (block: ActualBlock): boolean =>
    !keeping.wroteWhole &&
    isYoung(block) &&
    !freed.has(block.target) &&
    freed.size < LIMITS.returnsMax;
  const found = extra.filter((block) => mayAdopt(block) && !known.has(block.target));
  const leftovers = extra.filter((block) => !found.includes(block));
  if (found.length > 0) options.adopt(found);
  const nowUs = options.nowUs();
  const changes: FirewallChange[] = leftovers.map(({ target, scope }) => ({
    kind: 'remove',
    target,
    scope,
  }));
  for (const block of missing) {
    const { target } = block;
    const timeoutS = secondsLeft(block, nowUs);
    changes.push({ kind: 'add', target, scope: kernelScope(block), timeoutS });
  }
  queue.submit(changes);
  if (extra.length === 0) freed.clear();
  if (changes.length + found.length === 0) return null;
  return (
    `${missing.length} blocks were missing or had another end, ${leftovers.length} were ` +
    `not ours to keep, ${found.length} adopted`
  );
}

/** What must be done about a target by now, where a change of it failed a while ago. */
export function asWantedNow({ options }: Keeping, change: FirewallChange): FirewallChange {
  const { target, scope } = change;
  const block = options.state.blocks.table.byTarget.get(target);
  if (block === undefined || kernelScope(block) !== scope) {
    return { kind: 'remove', target, scope };
  }
  return { kind: 'add', target, scope, timeoutS: secondsLeft(block, options.nowUs()) };
}
