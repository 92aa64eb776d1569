import { Flags } from '@oclif/core';
import {
  networksAround,
  viewListed,
  type BlocksListing,
  type ListedBlock,
} from '../../api/views/block.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable, type Column } from '../../cli/text/table.js';
import { shortTime, timeLeft } from '../../core/common/time-words.js';
import { describeScope } from '../../core/model/scope-words.js';
import { count } from '../../cli/text/words.js';
import { BLOCK_ORIGINS, SCOPES, type BlockOrigin, type Scope } from '../../core/model/block.js';
import { readAddress } from '../../core/common/read-address.js';
import { BLOCK_ORDERS, type BlockFilter } from '../../store/read/read-blocks.js';

export default class BlocksList extends AgentCommand {
  static override summary = 'Show who is blocked, for how long, and why';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --all',
    '<%= config.bin %> <%= command.id %> --address 203.0.113.7',
    '<%= config.bin %> <%= command.id %> --origin manual --sort ends',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.blocks[].target'",
  ];
  static override flags = {
    all: Flags.boolean({ char: 'a', description: 'blocks that have ended as well' }),
    limit: Flags.integer({ default: 100, min: 1, max: 1000, description: 'rows at most' }),
    offset: Flags.integer({ default: 0, min: 0, description: 'rows to leave out first' }),
    address: Flags.string({ description: 'only blocks that cover this address' }),
    scope: Flags.option({ options: SCOPES })({ description: 'only this scope' }),
    origin: Flags.option({ options: BLOCK_ORIGINS })({
      description: 'only blocks that came this way',
    }),
    'attack-type': Flags.string({ description: 'only blocks for this attack' }),
    sort: Flags.option({ options: BLOCK_ORDERS })({
      default: 'newest',
      description: 'newest, oldest, target, ends (the next to end first) or dropped (most first)',
    }),
  };

  async run(): Promise<BlocksListing> {
    const { flags } = await this.parse(BlocksList);
    const { limit, offset } = flags;
    const loaded = await this.loadToFind(flags.config);
    const filter = filterOf(flags, Date.now() * 1000);
    const { rows, total } = await this.withReader(loaded, async (reader) => ({
      rows: await reader.listBlocks({ ...filter, limit, offset, order: flags.sort }),
      total: await reader.countBlocks(filter),
    }));
    const blocks = rows.map(viewListed);
    if (blocks.length > 0) {
      const { describeWithoutAgent } = await import('../../agent/control/in-force.js');
      const note = await describeWithoutAgent(loaded);
      if (note !== null) this.logToStderr(note);
    }
    this.log(render(blocks, total, Date.now()));
    return { blocks, total, limit, offset };
  }
}

interface Wanted {
  readonly all: boolean;
  readonly address?: string | undefined;
  readonly scope?: Scope | undefined;
  readonly origin?: BlockOrigin | undefined;
  readonly 'attack-type'?: string | undefined;
}

function filterOf(wanted: Wanted, nowUs: number): BlockFilter {
  const { address, scope, origin, 'attack-type': attackType } = wanted;
  return {
    which: wanted.all ? 'all' : 'active',
    nowUs,
    ...(address !== undefined && { targets: networksAround(readAddress(address)) }),
    ...(scope !== undefined && { scope }),
    ...(origin !== undefined && { origin }),
    ...(attackType !== undefined && { attackType }),
  };
}

const COLUMNS: readonly Column[] = [
  { title: 'TARGET' },
  // A block that is only simulated must never look like one.
  { title: 'BLOCKED', wraps: true, tone: (cell) => (/simulated/.test(cell) ? 'warn' : null) },
  { title: 'SINCE (UTC)', rank: 3 },
  { title: 'LEFT', tone: (cell) => (cell === 'ended' ? 'dim' : null) },
  { title: 'DROPPED', rank: 1 },
  { title: 'ATTACK TYPE', rank: 2 },
  { title: 'PROOF', rank: 4 },
  { title: 'WHY' },
];

function render(blocks: readonly ListedBlock[], total: number, nowMs: number): string {
  if (blocks.length === 0) return 'Nobody is blocked.';
  const rows = blocks.map((block) => [
    block.target,
    describeScope(block),
    shortTime(block.created_at),
    block.end_how ?? timeLeft(block.expires_at, nowMs),
    String(block.packets_dropped),
    block.attack_type ?? block.origin,
    block.proof,
    block.reason,
  ]);
  const more = total > blocks.length ? `, ${blocks.length} shown` : '';
  return `${count(total, 'block')}${more}\n\n${renderTable(COLUMNS, rows)}`;
}
