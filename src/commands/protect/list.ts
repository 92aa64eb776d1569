import type { PeerView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/text/table.js';

export default class ProtectList extends AgentCommand {
  static override summary = 'Show who is never blocked, and where each comes from';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ protect: readonly PeerView[] }> {
    const { flags } = await this.parse(ProtectList);
    const loaded = await this.loadToFind(flags.config);
    const protect = await this.withAgent(loaded, (calls) => calls.protectedPeers());
    const rows = protect.map(({ target, from }) => [target, from]);
    this.log(renderTable(['TARGET', 'FROM'], rows));
    return { protect };
  }
}
