import { loadAllRules } from '../../agent/all-rules.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { count } from '../../cli/text/words.js';

interface ConfigChecked {
  readonly configuration_file: string | null;
  readonly ok: true;
  readonly rules: number;
}

export default class ConfigCheck extends AgentCommand {
  static override summary = 'Check the configuration and the rules without starting anything';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -c /etc/sentrypeer/sentrypeer.conf && systemctl reload sentrypeer-agent',
  ];

  async run(): Promise<ConfigChecked> {
    const { flags } = await this.parse(ConfigCheck);
    const loaded = await this.load(flags.config);
    this.tellNotices(loaded);
    const rules = await loadAllRules(loaded.settings.rulesDir);
    this.log(`${loaded.file ?? 'no configuration file (defaults)'}: good`);
    this.log(`${count(rules.length, 'rule')}: good`);
    return { configuration_file: loaded.file, ok: true, rules: rules.length };
  }
}
