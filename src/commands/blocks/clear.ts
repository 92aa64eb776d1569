import { Flags } from '@oclif/core';
import { AgentCommand } from '../../cli/agent-command.js';
import { count } from '../../cli/text/words.js';
import { BLOCK_ORIGINS } from '../../core/model/block.js';
import { AgentError } from '../../core/common/errors.js';
import { SCOPES } from '../../core/model/block.js';

export default class BlocksClear extends AgentCommand {
  static override summary = 'End all blocks, or those of one origin or scope';
  static override description =
    'What a source did stays in the database; the next offence is judged anew. Rules of others are ' +
    'not touched.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> --origin import --yes',
  ];
  static override flags = {
    origin: Flags.option({ options: BLOCK_ORIGINS })({
      description: 'only blocks that came this way',
    }),
    scope: Flags.option({ options: SCOPES })({ description: 'only this scope' }),
    yes: Flags.boolean({ char: 'y', description: 'do it; without it nothing is done' }),
  };

  async run(): Promise<{ removed: number }> {
    const { flags } = await this.parse(BlocksClear);
    if (!flags.yes) {
      throw new AgentError(
        'USAGE',
        'blocks clear ends blocks of attackers: nothing was done',
        'type it again with --yes; `blocks list` shows what would end',
      );
    }
    const loaded = await this.loadToFind(flags.config);
    const filter = { origin: flags.origin ?? null, scope: flags.scope ?? null };
    const result = await this.withAgent(loaded, (calls) => calls.clearBlocks(filter));
    this.log(`${count(result.removed, 'block')} ended.`);
    return result;
  }
}
