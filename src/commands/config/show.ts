import { describeSettings, type DescribedKey } from '../../config/load.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/text/table.js';

interface ConfigShown {
  readonly configuration_file: string | null;
  readonly trial: boolean;
  readonly settings: readonly DescribedKey[];
}

export default class ConfigShow extends AgentCommand {
  static override summary = 'Show every setting in force and where it comes from';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json | jq -r \'.settings[] | select(.origin!="default")\'',
  ];

  async run(): Promise<ConfigShown> {
    const { flags } = await this.parse(ConfigShow);
    const loaded = await this.load(flags.config);
    this.tellNotices(loaded);
    const settings = describeSettings(loaded);
    const rows = settings.map(({ section, key, value, origin }) => [
      section === null ? key : `[${section}] ${key}`,
      value === '' ? '(empty)' : value,
      origin,
    ]);
    this.log(`configuration file: ${loaded.file ?? 'none (a trial)'}\n`);
    this.log(renderTable(['KEY', { title: 'VALUE', fills: true }, 'FROM'], rows));
    return { configuration_file: loaded.file, trial: loaded.trial, settings };
  }
}
