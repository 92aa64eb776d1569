import { AgentError } from '../core/common/errors.js';
import { BACKENDS, type BackendName, type BackendOptions } from './backends.js';
import { createObserve } from './observe.js';
import type { Firewall, FirewallOwner } from './port.js';

export interface FirewallWish {
  readonly mode: 'enforce' | 'observe';
  readonly backend: BackendName;
}

export interface ChosenFirewall {
  readonly firewall: Firewall;
  /** true: blocks are written; false: they are only recorded, as simulated. */
  readonly enforcing: boolean;
  /** One line for a person; when the wish could not be met it holds the cause and the remedy. */
  readonly why: string;
  /** true: a table or rules of ours stood before this start. */
  readonly stood: boolean;
  /** Another installed agent that runs now and has the table; null: none. */
  readonly heldBy: string | null;
}

/**
 * The firewall to work with. A backend that cannot work here (program missing, no right to use it,
 * kernel without it) makes the agent observe, and `why` says so: trap and detection are worth
 * having without it. Only a fault in the program rejects.
 */
export async function chooseFirewall(
  wish: FirewallWish,
  options: BackendOptions = {},
): Promise<ChosenFirewall> {
  if (wish.mode === 'observe') {
    return observing('mode is observe: blocks are recorded, no firewall rule is written');
  }
  const make: (options: BackendOptions) => Firewall = BACKENDS[wish.backend];
  const firewall = make(options);
  if (firewall.name === 'observe') {
    return observing('backend is observe: blocks are recorded, no firewall rule is written');
  }
  try {
    const why = await firewall.probe();
    const { owner: other, present, keeperPid } = await firewall.look();
    const { owner } = options;
    const enforce = { firewall, enforcing: true, stood: present || other !== null, heldBy: null };
    if (owner === undefined || other === null || other.id === owner.id) {
      return { ...enforce, why };
    }
    // Two that take the table from each other would protect nobody, and its keeper's socket tells who runs.
    const runs = other.kind === 'installed' && keeperPid !== null;
    const heldBy = runs ? `process ${keeperPid}, ${nameOwner(other)}` : null;
    // A trial never takes away what protects this host; the service does not bow to a trial.
    if (owner.kind === 'trial' || heldBy !== null) {
      return { ...observing(`observing, not blocking: ${foreignOwner(other)}`), heldBy };
    }
    return { ...enforce, why: `${why}, taken over from ${nameOwner(other)}` };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return observing(`observing, not blocking: ${error.message} (${error.remedy})`);
  }
}

const nameOwner = ({ kind, path }: FirewallOwner): string =>
  `${kind === 'trial' ? 'a trial' : 'an installed agent'} with the database ${path}`;

/** Why an agent leaves a table alone, and what to do about it. */
export const foreignOwner = (other: FirewallOwner): string =>
  `the firewall table belongs to ${nameOwner(other)} (stop that one; if it is gone: ` +
  'nft delete table inet sentrypeer)';

const observing = (why: string): ChosenFirewall => ({
  firewall: createObserve(),
  enforcing: false,
  why,
  stood: true,
  heldBy: null,
});
