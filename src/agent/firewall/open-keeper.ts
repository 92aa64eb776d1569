import type { LoadedSettings } from '../../config/load.js';
import { sipPortsWhile, trapSocketsOf } from '../../config/schema.js';
import type { AgentState } from '../../core/step.js';
import { ownerOf } from '../../firewall/nftables/owner.js';
import type { ActualBlock, FirewallOwner } from '../../firewall/port.js';
import { chooseFirewall, type ChosenFirewall } from '../../firewall/select.js';
import type { BlockDrops, Store } from '../../store/types.js';
import type { OwnLog } from '../log/own-log.js';
import { createFirewallKeeper, type FirewallKeeper } from './keeper.js';

export const ownerFor = ({ trial, settings }: LoadedSettings): FirewallOwner =>
  ownerOf(trial ? 'trial' : 'installed', settings.databaseFile);

/** The firewall that these settings ask for, or the observing one with the reason. */
export const chooseFor = (loaded: LoadedSettings): Promise<ChosenFirewall> => {
  const { mode, backend, hookCommand } = loaded.settings.blocking;
  return chooseFirewall({ mode, backend }, { owner: ownerFor(loaded), hookCommand });
};

/** What a keeper needs of its agent. */
export interface KeeperSurroundings {
  readonly loaded: LoadedSettings;
  /** What the trap listens by. */
  readonly startedWith: LoadedSettings['settings'];
  readonly state: AgentState;
  readonly store: Store;
  readonly log: OwnLog;
  readonly nowUs: () => number;
  readonly adopt: (found: readonly ActualBlock[]) => void;
  readonly standBack: () => void;
}

export function keeperFor(
  around: KeeperSurroundings,
  chosen: ChosenFirewall,
  earlierDrops: Iterable<BlockDrops> = [],
): FirewallKeeper {
  const { loaded, startedWith, state, store, log, nowUs } = around;
  const sipPorts = sipPortsWhile(startedWith, loaded.settings);
  return createFirewallKeeper({
    chosen,
    state,
    owner: ownerFor(loaded),
    sipPorts,
    // The sockets stay those of the start.
    trap: trapSocketsOf(startedWith),
    storm: {
      rate: loaded.settings.blocking.stormRate,
      udpPort: startedWith.listenPort,
      addresses: startedWith.listenAddresses,
    },
    earlierDrops,
    nowUs,
    say: log.say,
    // The runner puts these in place after the keeper is made.
    adopt: (found) => {
      around.adopt(found);
    },
    onStandBack: () => {
      around.standBack();
    },
    recordDrops: (drops) => store.recordDrops(drops),
  });
}
