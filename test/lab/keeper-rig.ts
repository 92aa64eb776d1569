import { DEFAULT_POLICY } from '../default-policy.js';
import { makeSettings } from '../core/trap/message.js';
import { compileRules, createDetectState } from '../../src/core/detect/detect.js';
import { createBlockState } from '../../src/core/block/decide.js';
import { createProtectTable } from '../../src/core/block/protect.js';
import { createCounts } from '../../src/core/counts.js';
import type { Input } from '../../src/core/flow.js';
import { step, type AgentState } from '../../src/core/step.js';
import { createAnswerState } from '../../src/core/trap/answer.js';
import { createPbxState } from '../../src/core/pbx/state.js';
import { createRetransmissions } from '../../src/core/trap/retransmission.js';
import { createFirewallKeeper, type FirewallKeeper } from '../../src/agent/firewall/keeper.js';
import { createNftables } from '../../src/firewall/nftables/nftables.js';
import { ownerOf } from '../../src/firewall/nftables/owner.js';
import { NO_STORM, USUAL_TRAP, type ActualBlock, type Firewall } from '../../src/firewall/port.js';
import type { BlockDrops } from '../../src/store/types.js';
import type { Lab } from './lab.js';
import { programPath } from './require-lab.js';

/** A keeper on the agent's side of a lab, with core behind it and no trap or store. */
export interface KeeperRig {
  readonly state: AgentState;
  readonly keeper: FirewallKeeper;
  readonly firewall: Firewall;
  readonly said: string[];
  readonly adopted: ActualBlock[];
  readonly drops: Map<number, number>;
  /** Seconds by which the keeper's clock is set off. */
  shiftS: number;
  give(input: Input): void;
  block(target: string, durationS?: number | null): void;
}

export function createKeeperRig(
  lab: Lab,
  kind: 'trial' | 'installed' = 'installed',
  databaseFile = '/var/lib/sentrypeer/sentrypeer.db',
): KeeperRig {
  const owner = ownerOf(kind, databaseFile);
  const command = [...lab.agent.prefix, programPath('nft')];
  const firewall = createNftables({ command, owner });
  const state = createState();
  const said: string[] = [];
  const adopted: ActualBlock[] = [];
  const drops = new Map<number, number>();
  const rig: KeeperRig = {
    state,
    firewall,
    said,
    adopted,
    drops,
    shiftS: 0,
    keeper: createFirewallKeeper({
      chosen: { firewall, enforcing: true, why: 'lab', stood: false, heldBy: null },
      state,
      owner,
      sipPorts: [5060],
      trap: USUAL_TRAP,
      storm: { ...NO_STORM, rate: 100 },
      nowUs: () => Date.now() * 1000 + rig.shiftS * 1_000_000,
      say: (text) => said.push(text),
      adopt: (found) => adopted.push(...found),
      onStandBack: () => {
        rig.give({ kind: 'stand-down' });
      },
      recordDrops: (list: readonly BlockDrops[]) => {
        for (const { id, packets } of list) drops.set(id, packets);
        return Promise.resolve();
      },
    }),
    give: (input) => {
      for (const effect of step(state, input, Date.now() * 1000)) {
        if (effect.kind === 'firewall') rig.keeper.submit(effect.change);
      }
    },
    block: (target, durationS = 3600) => {
      const how = { scope: 'all', reason: 'lab', origin: 'manual', force: false } as const;
      rig.give({ kind: 'block', request: { target, durationS, ...how } });
    },
  };
  return rig;
}

function createState(): AgentState {
  return {
    settings: {
      policy: { ...DEFAULT_POLICY, blocksMax: 1_000_000 },
      scoreHalfLifeS: 3600,
      answers: makeSettings({ realm: 'pbx.example' }),
      seed: 1,
    },
    rules: compileRules([]),
    detect: createDetectState(),
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    pbx: createPbxState(),
    blocks: createBlockState({ protect: createProtectTable([]) }),
    nextEventId: 1,
    counts: createCounts(),
  };
}
