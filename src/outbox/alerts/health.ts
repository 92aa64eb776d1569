import type { Happening } from './gather.js';

/** What is looked at now and then, as one look finds it. */
export interface Look {
  readonly atUs: number;
  /** Messages received, and events that a rule named an attack on, since the start. */
  readonly received: number;
  readonly attacks: number;
  /** Why the firewall does not do as told; null: it does, or is not to. */
  readonly firewallFault: string | null;
  /** Times that the firewall was repaired, and what was found last. */
  readonly repairs: number;
  readonly lastRepair: string | null;
  /** Why nothing is stored; null: it is. */
  readonly storeFault: string | null;
  /** Free bytes where the database is; null: it cannot be told. */
  readonly diskFreeBytes: number | null;
}

export interface HealthPolicy {
  /** Attacks a minute from which on it is told; null: never. */
  readonly attacksAMinute: number | null;
  /** Time without a message after which it is told; null: never. */
  readonly silenceUs: number | null;
  readonly diskFreeBytesMin: number;
}

/** What the looks before found. */
export interface HealthState {
  first: Look;
  last: Look;
  heardAtUs: number;
  /** What is told already, until it is over. */
  readonly standing: Set<string>;
}

export const createHealthState = (look: Look): HealthState => ({
  first: look,
  last: look,
  heardAtUs: look.atUs,
  standing: new Set(),
});

const MINUTE_US = 60_000_000;
const MIB = 1_048_576;

/** What is new since the look before: each fault is told once, when it begins. */
export function judgeHealth(
  state: HealthState,
  policy: HealthPolicy,
  look: Look,
): readonly Happening[] {
  const found: Happening[] = [];
  const tell = (kind: Happening['kind'], line: string): void => {
    found.push({ kind, atUs: look.atUs, line });
  };
  /** Tells while `line` is not null, once. */
  const tellOnce = (name: string, kind: Happening['kind'], line: string | null): void => {
    if (line !== null && !state.standing.has(name)) tell(kind, line);
    if (line === null) state.standing.delete(name);
    else state.standing.add(name);
  };
  if (look.received > state.last.received) state.heardAtUs = look.atUs;
  tellOnce('firewall', 'firewall', look.firewallFault);
  if (look.repairs > state.last.repairs && look.lastRepair !== null)
    tell('firewall', `repaired: ${look.lastRepair}`);
  tellOnce(
    'store',
    'disk',
    look.storeFault === null ? null : `nothing is stored: ${look.storeFault}`,
  );
  tellOnce('free', 'disk', describeFree(look, policy));
  tellOnce('silence', 'silence', describeSilence(state, look, policy));
  tellOnce('rate', 'attack_rate', describeRate(state, look, policy));
  state.last = look;
  if (look.atUs - state.first.atUs >= MINUTE_US) state.first = look;
  return found;
}

function describeFree({ diskFreeBytes }: Look, { diskFreeBytesMin }: HealthPolicy): string | null {
  if (diskFreeBytes === null || diskFreeBytes >= diskFreeBytesMin) return null;
  return `${Math.floor(diskFreeBytes / MIB)} MiB are free where the database is`;
}

function describeSilence(
  { heardAtUs }: HealthState,
  { atUs }: Look,
  { silenceUs }: HealthPolicy,
): string | null {
  if (silenceUs === null || atUs - heardAtUs < silenceUs) return null;
  const hours = Math.floor((atUs - heardAtUs) / 3_600_000_000);
  return `no message came in ${hours} hours: is the port still open to the Internet?`;
}

/** Over the minute that began with `first`. */
function describeRate(
  { first, standing }: HealthState,
  look: Look,
  { attacksAMinute }: HealthPolicy,
): string | null {
  if (attacksAMinute === null) return null;
  const attacks = look.attacks - first.attacks;
  if (attacks >= attacksAMinute) return `${attacks} messages of attacks within a minute`;
  // Whether it is over is known when the minute is.
  return standing.has('rate') && look.atUs - first.atUs < MINUTE_US ? '' : null;
}
