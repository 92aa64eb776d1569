import { stepDown } from '../../agent/step-down.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { AgentError } from '../../core/common/errors.js';
import { fileExists } from '../../config/resolve.js';
import { checkDatabase } from '../../store/database/check.js';

interface CheckResult {
  readonly database_file: string;
  readonly ok: boolean;
  readonly findings: readonly string[];
}

export default class DbCheck extends AgentCommand {
  static override summary = 'Look for damage in the database';
  static override description =
    'SQLite’s integrity check, also while an agent runs; it may take minutes on a large database. ' +
    'Exit code 1 when something is wrong: the next start of the agent sets the file aside and begins ' +
    'a new one with what can be read, once the job database_check has found the same.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> jobs run database_check',
  ];

  async run(): Promise<CheckResult> {
    const { flags } = await this.parse(DbCheck);
    const { settings } = await this.loadToFind(flags.config);
    stepDown(settings);
    const { databaseFile } = settings;
    if (!fileExists(databaseFile)) {
      throw new AgentError(
        'DATABASE_MISSING',
        `there is no database ${databaseFile} yet`,
        'start the agent (sentrypeer-agent run), or name its configuration with -c FILE',
      );
    }
    const findings = await checkDatabase(databaseFile);
    const ok = findings.length === 0;
    this.log(ok ? `${databaseFile} is sound.` : findings.join('\n'));
    if (!ok) process.exitCode = 1;
    return { database_file: databaseFile, ok, findings };
  }
}
