import { dirname, join } from 'node:path';
import type { Settings } from '../../config/schema.js';
import { backUpDatabase } from '../../store/database/backup.js';
import { checkDatabase } from '../../store/database/check.js';
import { markDamaged } from '../../store/database/salvage.js';
import type { Job } from './jobs.js';
import type { AgentContext } from '../agent-context.js';

/** Pages that one vacuum run gives back at most: 1 GiB at SQLite's 4 KiB a page. */
const VACUUM_PAGES_MAX = 262_144;

/** The jobs that look after database and logs. */
export function databaseJobs(context: AgentContext): readonly Job[] {
  return [
    pruneDatabase(context),
    vacuumDatabase(context),
    analyzeDatabase(context),
    checkForDamage(context),
    backUp(context),
    rollUpStatistics(context),
    archiveLogs(context),
  ];
}

/** The folder of the backups: that of the configuration, else one beside the database. */
export const backupFolder = ({ databaseFile, retention }: Settings): string =>
  retention.backupDir ?? join(dirname(databaseFile), 'backups');

function pruneDatabase(context: AgentContext): Job {
  return {
    name: 'database_prune',
    description: 'deletes what is too old, or over database_max_size, as [retention] says',
    schedule: context.loaded.settings.jobs.databasePrune,
    run: async () => {
      const { retention } = context.loaded.settings;
      const before = (ageS: number): number => context.nowUs() - ageS * 1_000_000;
      const gone = await context.store.prune({
        beforeUs: {
          events: before(retention.eventsMaxAgeS),
          raw: before(retention.rawMaxAgeS),
          sightings: before(retention.sightingsMaxAgeS),
          blocks: before(retention.blocksMaxAgeS),
          numbers: before(retention.numbersMaxAgeS),
        },
        rowsMax: {
          events: retention.eventsMax,
          sightings: retention.sightingsMax,
          blocks: retention.blocksMax,
        },
        databaseBytesMax: retention.databaseBytesMax,
      });
      return (
        `deleted ${gone.events} events, the bytes of ${gone.raw} more, ` +
        `${gone.sightings} sightings, ${gone.blocks} blocks, ${gone.numbers} numbers`
      );
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

function analyzeDatabase({ store, loaded }: AgentContext): Job {
  return {
    name: 'database_analyze',
    description: 'renews what SQLite plans its queries by',
    schedule: loaded.settings.jobs.databaseAnalyze,
    run: async () => {
      await store.analyze();
      return 'done';
    },
  };
}

function checkForDamage({ loaded, log }: AgentContext): Job {
  const { databaseFile, jobs } = loaded.settings;
  return {
    name: 'database_check',
    description: 'looks for damage in the database (PRAGMA integrity_check)',
    schedule: jobs.databaseCheck,
    run: async (signal) => {
      const findings = await checkDatabase(databaseFile, 'read', signal);
      if (findings.length === 0) return 'the database is sound';
      await markDamaged(databaseFile);
      log.say(`${databaseFile} is damaged: it is set aside, with what can be saved of it`);
      throw new Error(`${findings.length} findings, the first: ${findings[0] ?? ''}`);
    },
  };
}

function backUp(context: AgentContext): Job {
  const { settings } = context.loaded;
  return {
    name: 'database_backup',
    description: 'copies the database to backup_dir, and checks the copy',
    schedule: settings.jobs.databaseBackup,
    run: async (signal) => {
      const { databaseFile, retention } = context.loaded.settings;
      if (retention.backupsMax === 0) return 'none is made: backup_count is 0';
      const { file, bytes, removed } = await backUpDatabase({
        databaseFile,
        folder: backupFolder(context.loaded.settings),
        keep: retention.backupsMax,
        nowMs: context.nowUs() / 1_000,
        signal,
      });
      return `${file}, ${bytes} bytes; ${removed.length} older ones deleted`;
    },
  };
}

function rollUpStatistics({ store, loaded, nowUs }: AgentContext): Job {
  return {
    name: 'statistics_rollup',
    description: 'sums up rare values in the statistics of days that are over',
    schedule: loaded.settings.jobs.statisticsRollup,
    run: async () => `${await store.rollUp(nowUs())} rows summed up`,
  };
}

function archiveLogs({ store, loaded }: AgentContext): Job {
  return {
    name: 'log_archive',
    description: 'sets the logs aside, compresses them, and deletes old ones',
    schedule: loaded.settings.jobs.logArchive,
    run: async () => {
      const { rotated, deleted } = await store.archiveLogs();
      return `${rotated} logs set aside, ${deleted} old ones deleted`;
    },
  };
}
