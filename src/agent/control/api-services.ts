import { createBouncerPlaces } from '../../api/lists/bouncer-places.js';
import { createEventStream } from '../../api/server/event-stream.js';
import type { AgentFacts, ApiServices, Health } from '../../api/facts.js';
import { createLane } from '../../api/server/lane.js';
import type { Meters } from '../../api/meters.js';
import { blockView } from '../../api/views.js';
import type { AgentCalls } from '../../api/calls.js';
import { blocksCovering, isEnded } from '../../core/block/block-table.js';
import { identitiesOf } from '../../core/block/identities.js';
import { findProtected } from '../../core/block/protect.js';
import { scoreOf } from '../../core/detect/detect.js';
import { cidrOf } from '../../core/common/address.js';
import { identityCidr, identityOf } from '../../core/model/identity.js';
import { LIMITS } from '../../core/common/limits.js';
import { openReader } from '../../store/read/reader.js';
import type { Trap } from '../../trap/options.js';
import type { AgentContext } from '../agent-context.js';
import { findPlace } from '../geoip.js';
import { VERSION } from '../package.js';

export interface OpenedServices extends ApiServices {
  readonly close: () => Promise<void>;
}

/** What the routes answer from, in a running agent. */
export function openApiServices(
  context: AgentContext,
  calls: AgentCalls,
  trap: Pick<Trap, 'listening'>,
): OpenedServices {
  const { databaseFile, homeCountry } = context.startedWith;
  const lane = createLane({
    open: () => openReader(databaseFile, homeCountry, context.store.mend),
    waitingMax: LIMITS.apiQuestionsWaitingMax,
    msMax: LIMITS.apiQuestionMsMax,
  });
  const stream = createEventStream({ ask: lane.ask });
  return {
    calls,
    facts: factsOf(context, trap),
    read: lane.ask,
    stream,
    bouncers: createBouncerPlaces(LIMITS.apiBouncersMax),
    findPlace: (address) => findPlace(context.loaded.settings, address),
    close: async () => {
      stream.close();
      await lane.close();
    },
  };
}

function factsOf(context: AgentContext, trap: Pick<Trap, 'listening'>): AgentFacts {
  const { state, nowUs } = context;
  let storing = true;
  void context.broken.then(() => (storing = false));
  const identities = () => identitiesOf(state.settings.policy, state.blocks.protect);
  return {
    version: VERSION,
    loaded: () => context.loaded,
    tokens: () => context.tokens,
    nowUs,
    standing: (address) => {
      const alone = cidrOf(address, null);
      const peer = alone === null ? null : findProtected(state.blocks.protect, alone);
      return { around: identityCidr(identities(), address), protectedBy: peer?.from ?? null };
    },
    activeBlocks: () => state.blocks.table.byTarget.values(),
    activeBlock: (target) => state.blocks.table.byTarget.get(target) ?? null,
    blocksAround: ({ text, prefix }) =>
      blocksCovering(state.blocks.table, text.slice(0, text.indexOf('/')), nowUs()).filter(
        ({ target }) => Number(target.slice(target.indexOf('/') + 1)) <= prefix,
      ),
    journal: context.journal,
    protect: () => state.blocks.protect,
    blockOf: (address) => {
      const widest = blocksCovering(state.blocks.table, address, nowUs()).at(-1);
      return widest === undefined ? null : blockView(widest, null);
    },
    scoreOf: (address) => {
      const identity = identityOf(identities(), address);
      return scoreOf(state.detect, identity, nowUs(), state.settings);
    },
    health: () => healthOf(context, trap, storing),
    meters: () => ({ ...context.meter.read(), active: countActive(context) }),
  };
}

function healthOf(context: AgentContext, trap: Pick<Trap, 'listening'>, storing: boolean): Health {
  const { keeper, store } = context;
  const { lastError, differing } = keeper.stats();
  const blocks = !keeper.chosen.enforcing || (lastError === null && (differing ?? 0) === 0);
  return {
    alive: { store_thread: storing, trap: trap.listening.length > 0 },
    ready: { database_writable: store.stats().lastError === null, firewall: blocks },
  };
}

function countActive({ state, nowUs }: AgentContext): Meters['active'] {
  const now = nowUs();
  const counts = new Map<
    string,
    { origin: string; scope: string; simulated: boolean; count: number }
  >();
  for (const block of state.blocks.table.byTarget.values()) {
    if (isEnded(block, now)) continue;
    const { origin, scope, simulated } = block;
    const name = `${origin} ${scope} ${simulated}`;
    const entry = counts.get(name) ?? { origin, scope, simulated, count: 0 };
    entry.count += 1;
    counts.set(name, entry);
  }
  return [...counts.values()];
}
