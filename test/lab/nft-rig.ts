import { createNftables } from '../../src/firewall/nftables/nftables.js';
import type { Scope } from '../../src/core/model/block.js';
import {
  NO_STORM,
  USUAL_TRAP,
  type DesiredFirewall,
  type Firewall,
} from '../../src/firewall/port.js';
import { createLab, type Lab } from './lab.js';
import { programPath } from './require-lab.js';

/** The nftables backend on the agent's side of a lab. */
export interface NftRig {
  readonly lab: Lab;
  readonly firewall: Firewall;
  /** Applies one change. */
  readonly add: (target: string, scope?: Scope, timeoutS?: number | null) => Promise<void>;
  readonly remove: (target: string, scope?: Scope) => Promise<void>;
}

/** The port that scope `sip` means in these tests. */
export const SIP_PORT = 5060;

export async function createNftRig(): Promise<NftRig> {
  const lab = await createLab();
  const firewall = createNftables({ command: [...lab.agent.prefix, programPath('nft')] });
  return {
    lab,
    firewall,
    add: (target, scope = 'all', timeoutS = 600) =>
      firewall.apply([{ kind: 'add', target, scope, timeoutS }]),
    remove: (target, scope = 'all') => firewall.apply([{ kind: 'remove', target, scope }]),
  };
}

/** A firewall that blocks nobody, but for what `some` says. */
export const desired = (some: Partial<DesiredFirewall> = {}): DesiredFirewall => ({
  protect: [],
  sipPorts: [SIP_PORT],
  trap: USUAL_TRAP,
  blocksMax: 20_000,
  blocks: [],
  limiting: false,
  storm: { ...NO_STORM, rate: 100 },
  ...some,
});
