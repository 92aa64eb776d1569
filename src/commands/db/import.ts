import { Args } from '@oclif/core';
import { AgentCommand } from '../../cli/agent-command.js';
import { importHoney, type HoneyImport } from '../../store/import-honey.js';
import { takeLock } from '../../store/lock.js';

export default class DbImport extends AgentCommand {
  static override summary = 'Bring the events of a SentryPeer database over';
  static override description =
    'Reads its table honey; the file is not changed. The events have no score and no proof, their ' +
    'numbers and statistics are counted. Typed again, it brings what is new since. The agent must not ' +
    'run meanwhile.';
  static override examples = ['<%= config.bin %> <%= command.id %> /var/lib/old/sentrypeer.db'];
  static override args = {
    file: Args.string({ required: true, description: 'database that SentryPeer wrote' }),
  };

  async run(): Promise<HoneyImport> {
    const { args, flags } = await this.parse(DbImport);
    const { databaseFile, homeCountry } = (await this.load(flags.config)).settings;
    const lock = await takeLock(databaseFile);
    try {
      const result = await importHoney(databaseFile, args.file, homeCountry);
      const { imported, skipped, earlier } = result;
      this.log(
        `${imported} events imported, ${skipped} rows without message, time or address passed over, ` +
          `${earlier} brought before.`,
      );
      return result;
    } finally {
      await lock.release();
    }
  }
}
