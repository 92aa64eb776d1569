import { Flags } from '@oclif/core';
import { resolve } from 'node:path';
import { backupFolder } from '../../agent/jobs/database-jobs.js';
import { backUpTo } from '../../agent/jobs/back-up-to.js';
import { AgentCommand } from '../../cli/agent-command.js';
import type { Backup } from '../../store/database/backup.js';

export default class DbBackup extends AgentCommand {
  static override summary = 'Copy the database, and check the copy';
  static override description =
    'A whole and compact file of mode 600, also while an agent writes. The oldest of more than ' +
    'backup_count copies in the same folder are deleted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --to /mnt/backup --keep 7',
  ];
  static override flags = {
    to: Flags.string({ helpValue: 'FOLDER', description: 'folder, in place of backup_dir' }),
    keep: Flags.integer({
      min: 1,
      max: 1000,
      description: 'copies kept, in place of backup_count',
    }),
  };

  async run(): Promise<Backup> {
    const { flags } = await this.parse(DbBackup);
    const { settings } = await this.loadToFind(flags.config);
    const backup = await backUpTo(settings, {
      databaseFile: settings.databaseFile,
      folder: flags.to === undefined ? backupFolder(settings) : resolve(flags.to),
      keep: flags.keep ?? Math.max(1, settings.retention.backupsMax),
      nowMs: Date.now(),
    });
    this.log(`${backup.file}, ${backup.bytes} bytes, sound`);
    for (const file of backup.removed) this.log(`deleted ${file}`);
    return backup;
  }
}
