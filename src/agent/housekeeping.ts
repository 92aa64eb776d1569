import { kernelScope, type Block } from '../core/model/block.js';
import { step } from '../core/step.js';
import type { AgentContext } from './context.js';
import type { EffectRunner } from './effects.js';
import { renewPeers } from './take-peers.js';
import { createJobBoard, type Job, type JobBoard } from './jobs.js';

/** Pages that one vacuum run gives back at most: 1 GiB at SQLite's 4 KiB a page. */
const VACUUM_PAGES_MAX = 262_144;

/** The jobs of this agent. A new job is one function here and one key in the section [jobs]. */
export async function createHousekeeping(
  context: AgentContext,
  runner: EffectRunner,
): Promise<JobBoard> {
  const { store, reader, log, nowUs } = context;
  const jobs = [
    settleBlocks(context, runner),
    checkFirewall(context),
    renewProtected(context, runner),
    pruneDatabase(context),
    vacuumDatabase(context),
    renewCertificate(context),
  ];
  return createJobBoard(jobs, {
    nowUs,
    say: log.say,
    record: (run) => {
      const nothing = { events: [], sightings: [], blocks: [], calls: [], endedBlocks: [] };
      store.write({ ...nothing, jobRuns: [run] });
    },
    earlier: await reader.jobRuns(),
  });
}

function settleBlocks(context: AgentContext, runner: EffectRunner): Job {
  const { state, store, loaded, nowUs } = context;
  return {
    name: 'block_expiry',
    description: 'settles blocks whose time is over',
    schedule: loaded.settings.jobs.blockExpiry,
    run: async () => {
      const now = nowUs();
      const effects = step(state, { kind: 'settle' }, now);
      runner.run(effects, null);
      runner.handOver();
      await store.flush();
      const stray = await store.expireBlocks(now);
      const settled = effects.flatMap((each) => (each.kind === 'block-ended' ? each.block : []));
      await freeTargets(context, [...settled, ...stray]);
      const early = context.endedAtOpening.length;
      context.endedAtOpening = [];
      return `${settled.length + stray.length + early} blocks ended`;
    },
  };
}

/** The kernel ends elements by itself; what other backends wrote is taken away here. */
export async function freeTargets({ keeper, state }: AgentContext, ended: readonly Block[]) {
  if (keeper.chosen.firewall.expiresItself) return;
  for (const block of ended) {
    const { target } = block;
    const stands = state.blocks.table.byTarget.get(target);
    const scope = kernelScope(block);
    if (block.simulated || (stands !== undefined && kernelScope(stands) === scope)) continue;
    keeper.submit({ kind: 'remove', target, scope });
  }
  await keeper.idle();
}

function renewProtected(context: AgentContext, runner: EffectRunner): Job {
  return {
    name: 'protect_refresh',
    description: 'looks who is protected: resolves host names, finds gateway, resolvers, SSH peers',
    schedule: context.loaded.settings.jobs.protectRefresh,
    run: async () => {
      const { peers, lifted } = await renewPeers(context, runner);
      return `${peers} peers are protected, ${lifted} blocks were lifted`;
    },
  };
}

function checkFirewall(context: AgentContext): Job {
  return {
    name: 'firewall_check',
    description: 'compares the firewall with the blocks that must be in force, and repairs it',
    schedule: context.loaded.settings.jobs.firewallCheck,
    run: () => context.keeper.check('quick'),
  };
}

function pruneDatabase(context: AgentContext): Job {
  return {
    name: 'database_prune',
    description: 'deletes what is older than events_max_age, or over database_max_size',
    schedule: context.loaded.settings.jobs.databasePrune,
    run: async () => {
      const { eventsMaxAgeS, databaseBytesMax } = context.loaded.settings.retention;
      const olderThanUs = context.nowUs() - eventsMaxAgeS * 1_000_000;
      const gone = await context.store.prune({ olderThanUs, databaseBytesMax });
      return `deleted ${gone.events} events, ${gone.sightings} sightings, ${gone.blocks} blocks`;
    },
  };
}

function vacuumDatabase({ store, loaded }: AgentContext): Job {
  return {
    name: 'database_vacuum',
    description: 'gives the space of deleted rows back to the file system',
    schedule: loaded.settings.jobs.databaseVacuum,
    run: async () => {
      const { pagesFreed, pagesFree } = await store.vacuum(VACUUM_PAGES_MAX);
      return `${pagesFreed} pages given back, ${pagesFree} still free in the file`;
    },
  };
}

function renewCertificate(context: AgentContext): Job {
  return {
    name: 'certificate_check',
    description: 'takes a replaced TLS certificate over, and renews the one of our own making',
    schedule: context.loaded.settings.jobs.certificateCheck,
    run: async () => (await context.certificate?.renew()) ?? 'no transport needs a certificate',
  };
}
