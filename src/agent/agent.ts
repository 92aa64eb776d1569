import type { ApiServices } from '../api/facts.js';
import type { LoadedSettings } from '../config/load.js';
import type { Settings } from '../config/schema.js';
import type { EventRecord, TrapEvent } from '../core/model/event.js';
import type { BlockRequest } from '../core/block/request.js';
import { startWarmUp } from './warm-up.js';
import { identitiesOf } from '../core/block/identities.js';
import { identityOf } from '../core/model/identity.js';
import { step, type AgentState } from '../core/step.js';
import type { Endpoint, Transport } from '../core/model/transport.js';
import { openTrap } from '../trap/open.js';
import type { TlsMaterial, Trap } from '../trap/options.js';
import { AgentError, messageOf } from '../core/common/errors.js';
import { createNftables } from '../firewall/nftables/nftables.js';
import type { ActualBlock } from '../firewall/port.js';
import { adoptAfterCrash } from './firewall/after-crash.js';
import { keepAlerts } from './alerts/alert-keeper.js';
import { keepApi, refuseUnsafe } from './control/api-door.js';
import { openApiServices } from './control/api-services.js';
import { createCalls } from './control/calls.js';
import { keepCertificate, loadCertificate, needsCertificate } from './certificate/certificate.js';
import { startConfirmation } from './control/confirm.js';
import { keepPusher } from './crowdsec/keep-pusher.js';
import { openContext } from './context.js';
import { restoreMemory } from './state/restore-memory.js';
import { createEffectRunner, type EffectRunner } from './effects.js';
import { createHousekeeping } from './jobs/housekeeping.js';
import { findOtherPort } from './other-port.js';
import { watchConfiguration } from './reload.js';
import { keepHepOut } from './sensors/keep-hep-out.js';
import { keepSensors } from './sensors/sensors.js';
import type { AgentContext } from './agent-context.js';

const TICK_MS = 1_000;

export interface AgentOptions {
  readonly loaded: LoadedSettings;
  /** Takes one line of the agent's own words. */
  readonly print: (text: string) => void;
  readonly onEvent: (record: EventRecord, event: TrapEvent) => void;
  /** Seconds within which `confirm` must be called, or it goes back to observing; null: for good. */
  readonly confirmS?: number | null;
}

export interface RunningAgent {
  readonly listening: readonly (Endpoint & { readonly transport: Transport })[];
  /** Where the HTTP API is; null: it is off. */
  readonly apiUrl: string | null;
  readonly enforcing: boolean;
  /** Why it enforces, or why it does not, and what would change that. */
  readonly why: string;
  readonly protectedPeers: readonly string[];
  readonly activeBlocks: number;
  /** Reads the configuration again, as a change of the file does. */
  readonly reload: () => Promise<void>;
  /** Resolves when it cannot go on, for nothing is stored any more: stop it then. */
  readonly broken: Promise<AgentError>;
  /** Takes what has arrived, stores it, and leaves nothing of this process behind. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the agent. Resolves when it listens and active blocks are in the firewall; rejects with
 * an AgentError, and then nothing of it is left: no socket, no lock, no table of a trial.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const moved = findOtherPort(options.loaded);
  const loaded = moved ?? options.loaded;
  const context = await openContext(loaded, options.print, true);
  if (moved !== null) context.movedFrom = options.loaded.settings.listenPort;
  for (const notice of loaded.notices) context.log.say(notice);
  try {
    return await startIn(context, options);
  } catch (error) {
    await context.closers.closeAll();
    throw error;
  }
}

async function startIn(context: AgentContext, options: AgentOptions): Promise<RunningAgent> {
  const { closers, state, nowUs, loaded, log } = context;
  const { settings } = loaded;
  const runner = createRunner(context, options.onEvent);
  closers.add('gathered events', runner.stop);
  // nft works in a process of its own: what the firewall does not need is made ready meanwhile.
  context.endedAtOpening = [];
  const up = { yet: false };
  const [serveControl] = await allOrFirstError([makeReady(context), putInForce(context, up)]);
  refuseUnsafe(settings, context.tokens, nowUs());
  startConfirmation(context, runner, options.confirmS ?? null);
  const material = needsCertificate(settings)
    ? await loadCertificate(settings, nowUs() / 1_000)
    : null;
  const trap = await openTrapOf(context, runner, material);
  closers.add('meter', context.meter.close);
  closers.add('tick', startTicking(context, runner));
  closers.add('lock watch', watchLock(context));
  if (material !== null) {
    const keeper = await keepCertificate(trap, { settings, material }, nowUs, log.say);
    context.certificate = keeper;
    closers.add('certificate watcher', keeper.close);
  }
  const jobs = await createHousekeeping(context, runner);
  const calls = createCalls(context, runner, jobs, { startedAtUs: nowUs(), trap });
  const services = openApiServices(context, calls, trap);
  closers.add('API questions', services.close);
  const control = await serveControl(settings.controlSocket, services, log.say);
  closers.add('control socket', control.close);
  const watcher = await watchConfiguration(context, runner);
  closers.add('configuration watcher', watcher.close);
  await openDoors(context, runner, services);
  jobs.start();
  closers.add('jobs', jobs.stop);
  up.yet = true;
  closers.add('warm-up', startWarmUp(state, log.say));
  log.keep(`started: ${describeListening(trap)}; ${context.keeper.chosen.why}`);
  return {
    listening: trap.listening,
    apiUrl: context.api?.url() ?? null,
    enforcing: context.keeper.chosen.enforcing,
    why: context.keeper.chosen.why,
    protectedPeers: state.blocks.protect.peers.map(({ target }) => target),
    activeBlocks: state.blocks.table.byTarget.size,
    reload: watcher.reload,
    broken: context.broken,
    stop: async () => {
      log.say('stopping');
      const stays = context.keeper.chosen.enforcing && !loaded.trial;
      if (stays) log.say('the firewall table stays, and the kernel ends each block in time');
      await closers.closeAll();
    },
  };
}

/** What others ask, are told, and tell. */
async function openDoors(
  context: AgentContext,
  runner: EffectRunner,
  services: ApiServices,
): Promise<void> {
  const { closers } = context;
  context.api = await keepApi(context, services);
  closers.add('HTTP API', context.api.close);
  context.alerts = await keepAlerts(context);
  closers.add('alerts', context.alerts.close);
  context.crowdsec = keepPusher(context, services.facts);
  closers.add('CrowdSec', context.crowdsec.close);
  context.sensors = await keepSensors(context, runner);
  closers.add('sensors', context.sensors.close);
}

/** The trap, and what tells others of its messages. */
async function openTrapOf(
  context: AgentContext,
  runner: EffectRunner,
  tls: TlsMaterial | null,
): Promise<Trap> {
  const { state, nowUs, meter, log, loaded, closers } = context;
  context.hepOut = keepHepOut(context);
  closers.add('HEP server', context.hepOut.close);
  const trap = await openTrap({
    ...placesOf(loaded.settings),
    tls,
    nowUs,
    identityOf: (address) => sourceOf(state, address),
    onPacket: (packet, reply) => {
      const answers: Buffer[] = [];
      runner.run(step(state, { kind: 'packet', packet }, packet.receivedAtUs), (bytes) => {
        reply(bytes);
        answers.push(bytes);
      });
      meter.decided(nowUs() - packet.receivedAtUs);
      context.hepOut?.tell(packet, answers);
    },
    onNotice: log.say,
  });
  closers.add('trap', trap.close);
  return trap;
}

const placesOf = (settings: Settings) => ({
  addresses: settings.listenAddresses,
  port: settings.listenPort,
  ports: { tls: settings.tlsPort, ws: settings.wsPort, wss: settings.wssPort },
  transports: settings.transports,
});

/** Whom an address counts as, with the settings and protected peers that are in force now. */
const sourceOf = ({ settings, blocks }: AgentState, address: string): string =>
  identityOf(identitiesOf(settings.policy, blocks.protect), address);

/** Brings the rest of the memory back, then loads the server, whose parts take a while. */
async function makeReady(context: AgentContext) {
  await restoreMemory(context);
  const { serveControl } = await import('../api/server/server.js');
  return serveControl;
}

/** Like Promise.all, but nothing is still under way when it rejects: it would be closed below it. */
async function allOrFirstError<A, B>(work: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Once a second, what has come to its end without a packet. Returns what stops it. */
function startTicking({ state, nowUs }: AgentContext, runner: EffectRunner): () => void {
  const timer = setInterval(() => {
    const effects = step(state, { kind: 'tick' }, nowUs());
    if (effects.length > 0) runner.run(effects, null);
  }, TICK_MS);
  return () => {
    clearInterval(timer);
  };
}

/** Takes the lock anew where its file was removed: a second agent would find it free. */
function watchLock({ lock, log }: AgentContext): () => void {
  let said: string | null = null;
  const timer = setInterval(() => {
    lock.renew().then(
      () => {
        said = null;
      },
      (error: unknown) => {
        const remedy = error instanceof AgentError ? ` (${error.remedy})` : '';
        const why = `${messageOf(error)}${remedy}`;
        if (why !== said)
          log.say(`the lock of the database is gone and cannot be taken anew: ${why}`);
        said = why;
      },
    );
  }, TICK_MS);
  return () => {
    clearInterval(timer);
  };
}

/** The runner that the agent and the offline client use alike. */
export function createRunner(
  context: AgentContext,
  onEvent: AgentOptions['onEvent'],
): EffectRunner {
  const runner = createEffectRunner({
    keep: (record) => {
      context.store.keep(record);
    },
    write: (batch) => {
      context.store.write(batch);
    },
    changeFirewall: (change) => {
      context.keeper.submit(change);
    },
    onBreaker: (tripped) => {
      context.log.say(describeBreaker(tripped));
      if (tripped) context.alerts?.happened('breaker', describeBreaker(true));
      context.keeper.limit(tripped);
    },
    onStillTalking: () => {
      context.keeper.stillTalking();
    },
    say: context.log.say,
    onCall: (call) => context.alerts?.call(call),
    meter: {
      sighting: (sighting) => {
        context.meter.sighting(sighting);
        context.alerts?.sighting(sighting);
      },
      block: (block) => {
        context.meter.block(block);
        context.alerts?.block(block);
      },
    },
    noteBlock: (kind, block) => {
      context.journal.note(kind, block, context.nowUs());
    },
    onEvent: (record, event) => {
      context.meter.event(record, event);
      if (record.attackType !== null) context.alerts?.attack();
      onEvent(record, event);
    },
    nowUs: context.nowUs,
  });
  context.adopt = (found) => {
    for (const block of found) {
      const effects = step(
        context.state,
        { kind: 'block', request: adopted(block) },
        context.nowUs(),
      );
      runner.run(effects, null);
    }
  };
  context.standBack = () => {
    runner.run(step(context.state, { kind: 'stand-down' }, context.nowUs()), null);
  };
  return runner;
}

const describeBreaker = (tripped: boolean): string =>
  tripped
    ? 'ALERT: too many new unproven sources: a spoofing storm. Until a calm minute has passed only ' +
      'those that go on after our answers are blocked, and new flows to the trap are limited in rate'
    : 'the spoofing storm is over: unproven sources are blocked as before, the limit is lifted';

const adopted = ({ target, scope, expiresS }: ActualBlock): BlockRequest => ({
  target,
  scope: scope === 'forced' ? 'all' : scope,
  durationS: expiresS,
  reason: 'found in the firewall without a record, written just before a crash',
  origin: 'import',
  force: scope === 'forced',
  wide: true,
});

/**
 * Active blocks go in before the first packet is answered. A trial's table goes when it stops, and
 * that of a start that failed, unless one stood before. Rejects with FIREWALL_TAKEN.
 */
async function putInForce(context: AgentContext, up: { readonly yet: boolean }): Promise<void> {
  const { keeper, closers, loaded, crashed } = context;
  const { stood, heldBy } = keeper.chosen;
  if (heldBy !== null && !loaded.trial) throw taken(heldBy);
  closers.add('firewall table', async () => {
    if (loaded.trial || (!up.yet && !stood)) await takeTableAway(context);
  });
  if (!keeper.chosen.enforcing) {
    if (loaded.settings.blocking.mode === 'observe') await clearOwnTable(context);
    return;
  }
  if (crashed) await adoptAfterCrash(context);
  await keeper.sync();
}

const taken = (heldBy: string): AgentError =>
  new AgentError(
    'FIREWALL_TAKEN',
    `the firewall table is in use by ${heldBy}`,
    'stop that agent, set mode = observe in [blocking], or give this one a network namespace',
  );

/** Observing must not mean that the rules of an earlier, enforcing start go on dropping unseen. */
async function clearOwnTable({ owner, log }: AgentContext): Promise<void> {
  const firewall = createNftables({ owner });
  try {
    const { owner: found } = await firewall.look();
    if (found?.id !== owner.id) return;
    await firewall.remove();
    log.say('observing: the firewall rules of the start before are taken away');
  } catch (error) {
    // Where nft is missing or may not be used, there is nothing that we could have written.
    if (!(error instanceof AgentError)) throw error;
    log.say(`observing: whether old rules are in force cannot be told: ${error.message}`);
  } finally {
    await firewall.close();
  }
}

async function takeTableAway({ keeper }: AgentContext): Promise<void> {
  if (!keeper.chosen.enforcing) return;
  // Changes still under way, and what watches, would find the table gone and put it back.
  await keeper.close();
  await keeper.remove();
}

const describeListening = (trap: Trap): string =>
  trap.listening
    .map(({ transport, address, port }) => `${transport} ${address} port ${port}`)
    .join(', ');
