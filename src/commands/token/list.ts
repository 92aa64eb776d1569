import type { TokenView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/text/table.js';
import { shortTime } from '../../core/common/time-words.js';

export default class TokenList extends AgentCommand {
  static override summary = 'Show the tokens of the HTTP API, what each allows and until when';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ tokens: readonly TokenView[] }> {
    const { flags } = await this.parse(TokenList);
    const loaded = await this.loadToFind(flags.config);
    const tokens = await this.withAgent(loaded, (calls) => calls.tokens());
    const rows = tokens.map((token) => [
      token.name,
      token.scope,
      shortTime(token.created_at),
      describeEnd(token),
    ]);
    const head = ['NAME', 'SCOPE', 'MADE (UTC)', 'HOLDS UNTIL (UTC)'];
    this.log(rows.length === 0 ? 'No tokens.' : renderTable(head, rows));
    return { tokens };
  }
}

function describeEnd({ expires_at: end, expired }: TokenView): string {
  if (end === null) return 'no end';
  return expired ? `${shortTime(end)} (over)` : shortTime(end);
}
