import { kernelScope, type Block } from '../../core/model/block.js';
import { step } from '../../core/step.js';
import { databaseJobs } from './database-jobs.js';
import type { EffectRunner } from '../effects.js';
import { renewPeers } from '../peers/renew-peers.js';
import { createJobBoard, type Job, type JobBoard } from './jobs.js';
import type { AgentContext } from '../agent-context.js';

/** The jobs of this agent. A new job is one function here and one key in the section [jobs]. */
export async function createHousekeeping(
  context: AgentContext,
  runner: EffectRunner,
): Promise<JobBoard> {
  const { store, reader, log, nowUs, loaded } = context;
  const jobSettings = loaded.settings.jobs;
  const jobs = [
    settleBlocks(context, runner),
    checkFirewall(context),
    renewProtected(context, runner),
    ...databaseJobs(context),
    renewCertificate(context),
  ];
  return createJobBoard(jobs, {
    nowUs,
    say: log.say,
    record: (run) => {
      const nothing = { events: [], sightings: [], blocks: [], calls: [], endedBlocks: [] };
      store.write({ ...nothing, jobRuns: [run] });
      if (run.result === 'failed') context.alerts?.happened('job', `${run.name}: ${run.detail}`);
    },
    earlier: await reader.jobRuns(),
    plan: {
      timeZone: jobSettings.timeZone,
      jitterMs: jobSettings.jitterS * 1_000,
      timeLimitMs: jobSettings.timeLimitS * 1_000,
    },
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

function renewCertificate(context: AgentContext): Job {
  return {
    name: 'certificate_check',
    description: 'takes a replaced TLS certificate over, and renews the one of our own making',
    schedule: context.loaded.settings.jobs.certificateCheck,
    run: async () => (await context.certificate?.renew()) ?? 'no transport needs a certificate',
  };
}
