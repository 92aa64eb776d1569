import { Args } from '@oclif/core';
import { BUILT_IN_RULES } from '../../agent/all-rules.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { ruleWarnings } from '../../cli/rule-check.js';
import { count } from '../../cli/text/words.js';
import { readRuleFiles, type RuleFile } from '../../config/rules/rule-files.js';
import { ERROR_CODES } from '../../core/common/errors.js';

interface CheckedFile {
  readonly file: string;
  readonly rules: readonly string[];
  /** What is wrong, with line and column; null: nothing. */
  readonly fault: string | null;
  readonly warnings: readonly string[];
}

interface RulesChecked {
  readonly ok: boolean;
  readonly files: readonly CheckedFile[];
}

export default class RulesCheck extends AgentCommand {
  static override summary = 'Check rule files: format, conditions and samples, each file by itself';
  static override description =
    'Needs neither an agent nor a database. Without a file it checks the rules that come with the ' +
    'program and those of the folder `rules_dir`.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mine.yaml',
    '<%= config.bin %> <%= command.id %> mine.yaml && sudo cp mine.yaml /etc/sentrypeer/rules.d/',
    '<%= config.bin %> <%= command.id %>',
  ];
  static override strict = false;
  static override args = {
    file: Args.string({ description: 'rule files, or folders of them', ignoreStdin: true }),
  };

  async run(): Promise<RulesChecked> {
    const { argv, flags } = await this.parse(RulesCheck);
    // Arguments of a command without `strict` are texts, as typed.
    const named = argv as string[];
    const { rulesDir } = (await this.loadToFind(flags.config)).settings;
    const paths = named.length === 0 ? [BUILT_IN_RULES, rulesDir] : named;
    const optional = named.length === 0 ? [rulesDir] : [];
    const files = (await readRuleFiles(paths, optional)).map(checkFile);
    for (const file of files) this.log(renderFile(file));
    const ok = files.every(({ fault }) => fault === null);
    if (!ok) process.exitCode = ERROR_CODES.RULES_INVALID.exit;
    return { ok, files };
  }
}

const checkFile = ({ file, rules, fault }: RuleFile): CheckedFile => ({
  file,
  rules: rules.map(({ id }) => id),
  fault: fault?.message ?? null,
  warnings: rules.flatMap(ruleWarnings),
});

function renderFile({ file, rules, fault, warnings }: CheckedFile): string {
  // A fault begins with the file and the line.
  if (fault !== null) return `wrong: ${fault}`;
  const lines = warnings.map((warning) => `  ${warning}`);
  return [`${file}: good, ${count(rules.length, 'rule')}`, ...lines].join('\n');
}
