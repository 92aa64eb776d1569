import { Args } from '@oclif/core';
import { loadAllRules } from '../../agent/all-rules.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/text/table.js';
import { count } from '../../cli/text/words.js';
import { fileExists } from '../../config/resolve.js';
import { loadRuleFiles } from '../../config/rules/rule-files.js';
import { runSamples } from '../../core/detect/rules/samples.js';
import { AgentError } from '../../core/common/errors.js';
import type { Rule } from '../../core/model/rule.js';
import { quoteText } from '../../core/common/text.js';

interface TestedRule {
  readonly rule: string;
  readonly source_file: string;
  readonly samples: number;
  readonly failures: readonly { readonly sample: string; readonly failure: string }[];
}

interface RulesTested {
  readonly rules: readonly TestedRule[];
  readonly passed: number;
  readonly failed: number;
  /** Rules without samples. */
  readonly untested: number;
}

export default class RulesTest extends AgentCommand {
  static override summary = 'Run the samples of detection rules: does each do what its author says';
  static override description =
    'Needs neither an agent nor a database. Without arguments it tests the rules in force. The exit ' +
    'code is 1 when a sample came out otherwise.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> extension-enumeration',
    '<%= config.bin %> <%= command.id %> mine.yaml',
    "<%= config.bin %> <%= command.id %> --json | jq '.rules[] | select(.failures != [])'",
  ];
  static override strict = false;
  static override args = {
    rule: Args.string({ description: 'ids of rules in force, or rule files', ignoreStdin: true }),
  };

  async run(): Promise<RulesTested> {
    const { argv, flags } = await this.parse(RulesTest);
    const { rulesDir } = (await this.loadToFind(flags.config)).settings;
    // Arguments of a command without `strict` are texts, as typed.
    const rules = await chooseRules(argv as string[], rulesDir);
    const tested = rules.map(testRule);
    const failed = tested.reduce((sum, { failures }) => sum + failures.length, 0);
    const passed = tested.reduce((sum, { samples }) => sum + samples, 0) - failed;
    const untested = tested.filter(({ samples }) => samples === 0).length;
    const result = { rules: tested, passed, failed, untested };
    this.log(renderTests(result));
    if (failed > 0) process.exitCode = 1;
    return result;
  }
}

async function chooseRules(names: readonly string[], rulesDir: string): Promise<readonly Rule[]> {
  if (names.length === 0) return loadAllRules(rulesDir);
  const chosen: Rule[] = [];
  for (const name of names) {
    const isFile = name.includes('/') || name.endsWith('.yaml') || fileExists(name);
    if (isFile) chosen.push(...(await loadRuleFiles([name])));
    else chosen.push(await ruleNamed(name, rulesDir));
  }
  return chosen;
}

async function ruleNamed(name: string, rulesDir: string): Promise<Rule> {
  const rule = (await loadAllRules(rulesDir)).find(({ id }) => id === name);
  if (rule !== undefined) return rule;
  throw new AgentError(
    'NOT_FOUND',
    `${quoteText(name)}: neither a rule in force nor a file`,
    'see `sentrypeer-agent rules list --detection`, or name a file with its path',
  );
}

const testRule = (rule: Rule): TestedRule => ({
  rule: rule.id,
  source_file: rule.sourceFile,
  samples: rule.samples.length,
  failures: runSamples(rule).flatMap(({ sample, failure }) =>
    failure === null ? [] : [{ sample, failure }],
  ),
});

function renderTests({ rules, passed, failed, untested }: RulesTested): string {
  const rows = rules.map(({ rule, samples, failures }) => [
    rule,
    samples === 0 ? 'no samples' : failures.length === 0 ? 'good' : 'FAILED',
    `${samples - failures.length} of ${samples}`,
    failures.map(({ sample, failure }) => `${sample}: ${failure}`).join('; '),
  ]);
  const table = renderTable(['RULE', 'RESULT', 'SAMPLES', 'WHAT WAS OTHERWISE'], rows);
  const without = untested === 0 ? '' : `; ${count(untested, 'rule')} without samples`;
  return `${table}\n\n${count(passed, 'sample')} good, ${failed} failed${without}`;
}
