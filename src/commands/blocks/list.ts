import { Flags } from '@oclif/core';
import { blockView, formatTime, type BlockView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/table.js';
import { count, describeScope, shortTime, timeLeft } from '../../cli/words.js';
import type { StoredBlock } from '../../store/types.js';

interface ListedBlock extends BlockView {
  readonly ended_at: string | null;
  readonly end_how: StoredBlock['endHow'];
}

interface BlocksListing {
  readonly blocks: readonly ListedBlock[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

export default class BlocksList extends AgentCommand {
  static override summary = 'Show who is blocked, for how long, and why';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --all',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.blocks[].target'",
  ];
  static override flags = {
    all: Flags.boolean({ char: 'a', description: 'blocks that have ended as well' }),
    limit: Flags.integer({ default: 100, min: 1, max: 1000, description: 'rows at most' }),
    offset: Flags.integer({ default: 0, min: 0, description: 'rows to leave out first' }),
  };

  async run(): Promise<BlocksListing> {
    const { flags } = await this.parse(BlocksList);
    const { limit, offset } = flags;
    const loaded = await this.load(flags.config);
    const filter = { which: flags.all ? 'all' : 'active', nowUs: Date.now() * 1000 } as const;
    const { rows, total } = await this.withReader(loaded, async (reader) => ({
      rows: await reader.listBlocks({ ...filter, limit, offset }),
      total: await reader.countBlocks(filter),
    }));
    const targets = rows.map(({ target }) => target);
    const dropped = await this.withRunningAgent(loaded, (calls) => calls.packetsDropped(targets));
    const blocks = rows.map((row) => viewListed(row, dropped?.[row.target] ?? null));
    this.log(render(blocks, total, Date.now()));
    return { blocks, total, limit, offset };
  }
}

const viewListed = (row: StoredBlock, dropped: number | null): ListedBlock => ({
  ...blockView(row, dropped),
  ended_at: row.endedAtUs === null ? null : formatTime(row.endedAtUs),
  end_how: row.endHow,
});

function render(blocks: readonly ListedBlock[], total: number, nowMs: number): string {
  if (blocks.length === 0) return 'Nobody is blocked.';
  const head = [
    'TARGET',
    'BLOCKED',
    'SINCE (UTC)',
    'LEFT',
    'DROPPED',
    'ATTACK TYPE',
    'PROOF',
    'WHY',
  ];
  const rows = blocks.map((block) => [
    block.target,
    describeScope(block),
    shortTime(block.created_at),
    block.end_how ?? timeLeft(block.expires_at, nowMs),
    block.packets_dropped === null ? '-' : String(block.packets_dropped),
    block.attack_type ?? block.origin,
    block.proof,
    block.reason,
  ]);
  const more = total > blocks.length ? `, ${blocks.length} shown` : '';
  return `${count(total, 'block')}${more}\n\n${renderTable(head, rows)}`;
}
