import { Args, Flags } from '@oclif/core';
import type { CreatedToken } from '../../api/calls.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { readDuration } from '../../core/common/read-duration.js';
import { TOKEN_SCOPES } from '../../core/model/token-scope.js';

export default class TokenCreate extends AgentCommand {
  static override summary = 'Make a token for the HTTP API, and show it this once';
  static override description =
    'Only its hash is stored. read: ask; block: also block and free; admin: also protect peers, run ' +
    'jobs and force a block. It goes into the header: Authorization: Bearer TOKEN.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> grafana',
    '<%= config.bin %> <%= command.id %> pbx-1 --scope block --for 90d',
    'TOKEN=$(<%= config.bin %> <%= command.id %> siem --for forever --json | jq -r .token)',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'who uses it, shown in the log' }),
  };
  static override flags = {
    scope: Flags.option({ options: TOKEN_SCOPES })({
      default: 'read',
      description: 'what it allows; each allows what stands before it, too',
    }),
    for: Flags.string({
      helpValue: 'DURATION',
      default: '365d',
      description: 'how long it holds: 4h, 90d, forever',
    }),
  };

  async run(): Promise<CreatedToken> {
    const { args, flags } = await this.parse(TokenCreate);
    const loaded = await this.loadToFind(flags.config);
    const request = {
      name: args.name,
      scope: flags.scope,
      duration_s: readDuration(flags.for, '--for'),
    };
    const made = await this.withAgent(loaded, (calls) => calls.createToken(request), 'write');
    this.logToStderr(
      `Token ${made.name} (${made.scope}), ${made.expires_at === null ? 'without end' : `until ${made.expires_at}`}. ` +
        'It is shown this once; whoever has it may do that:',
    );
    this.log(made.token);
    return made;
  }
}
