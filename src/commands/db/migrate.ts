import { stepDown } from '../../agent/step-down.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { takeLock } from '../../store/database/lock.js';
import { migrateDatabase, type Migration } from '../../store/database/migrate.js';

export default class DbMigrate extends AgentCommand {
  static override summary =
    'Bring the schema of the database up to date without starting the agent';
  static override description =
    'Every start does the same. An older database is copied beside itself first; one that a newer ' +
    'agent wrote is refused. The agent must not run.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<Migration> {
    const { flags } = await this.parse(DbMigrate);
    const { settings } = await this.load(flags.config);
    stepDown(settings);
    const { databaseFile } = settings;
    const lock = await takeLock(databaseFile);
    try {
      const migration = await migrateDatabase(databaseFile);
      const { schema_before: before, schema } = migration;
      this.log(
        before === schema
          ? `${databaseFile} has schema ${schema} already.`
          : `${databaseFile}: schema ${before} is now ${schema}.`,
      );
      return migration;
    } finally {
      await lock.release();
    }
  }
}
