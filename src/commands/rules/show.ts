import { Args } from '@oclif/core';
import { BUILT_IN_RULES, loadAllRules, PREPARED_RULES } from '../../agent/all-rules.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderRule, ruleDetails, type RuleDetails } from '../../cli/views/rule-details.js';
import type { LoadedSettings } from '../../config/load.js';
import { fileExists } from '../../config/resolve.js';
import { loadRules } from '../../config/rules/rules.js';
import { suggest } from '../../config/suggest.js';
import { AgentError } from '../../core/common/errors.js';
import { quoteText } from '../../core/common/text.js';
import type { RuleActivity } from '../../store/read/reader.js';

const DAY_MS = 86_400_000;

export default class RulesShow extends AgentCommand {
  static override summary = 'Show all that one detection rule says, and where it stands';
  static override examples = [
    '<%= config.bin %> <%= command.id %> extension-enumeration',
    "<%= config.bin %> <%= command.id %> extension-enumeration --json | jq '.rule.when'",
  ];
  static override args = {
    id: Args.string({ required: true, description: 'rule as `rules list` names it' }),
  };

  async run(): Promise<{ rule: RuleDetails }> {
    const { args, flags } = await this.parse(RulesShow);
    const loaded = await this.loadToFind(flags.config);
    const rules = await loadAllRules(loaded.settings.rulesDir);
    const rule = rules.find(({ id }) => id === args.id);
    if (rule === undefined) {
      throw noSuchRule(
        args.id,
        rules.map(({ id }) => id),
      );
    }
    const builtIn = (await loadRules([BUILT_IN_RULES], PREPARED_RULES)).find(
      ({ id }) => id === rule.id,
    );
    const replaces = builtIn?.sourceFile === rule.sourceFile ? null : (builtIn ?? null);
    const details = ruleDetails(rule, replaces, await this.activityOf(loaded, rule.id));
    this.log(renderRule(details));
    return { rule: details };
  }

  /** What the rule saw in a day; null where no agent ever ran. */
  private async activityOf(loaded: LoadedSettings, id: string): Promise<RuleActivity | null> {
    if (!fileExists(loaded.settings.databaseFile)) return null;
    const sinceUs = (Date.now() - DAY_MS) * 1_000;
    const all = await this.withReader(loaded, (reader) => reader.ruleActivity(sinceUs));
    return all.find(({ rule }) => rule === id) ?? null;
  }
}

function noSuchRule(id: string, ids: readonly string[]): AgentError {
  const near = suggest(id, ids);
  const hint = near === null ? '' : ` (did you mean '${near}'?)`;
  return new AgentError(
    'NOT_FOUND',
    `rule ${quoteText(id)}: there is none of that name${hint}`,
    'see `sentrypeer-agent rules list --detection`',
  );
}
