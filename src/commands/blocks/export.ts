import { Flags } from '@oclif/core';
import { blockView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { EXPORT_NAMES, exportFormat, type ExportName } from '../../api/views/block-export.js';
import { writeLines } from '../../cli/text/write-lines.js';
import { SCOPES, type Scope } from '../../core/model/block.js';
import type { Reader } from '../../store/read/reader.js';

export default class BlocksExport extends AgentCommand {
  static override summary = 'Write the blocks in force for another program';
  static override description =
    'plain: one target a line; nft, ipset: for `nft -f` and `ipset restore` of another host; ' +
    'mikrotik: a RouterOS script; alias: for pfSense and OPNsense; csv: safe to open in a ' +
    'spreadsheet; json: as `blocks list --json`; stix: a bundle of STIX 2.1. Those of nft, ipset ' +
    'and mikrotik take the place of the list before. Only csv and json tell the scope: with --scope all the others leave out who is blocked on the ' +
    'SIP ports alone, or heard by the trap still (beside): a firewall before this host would cut ' +
    'those off the trap. Simulated blocks are left out. Reads the database, whether an agent runs or not.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > blocked.txt',
    '<%= config.bin %> <%= command.id %> --format ipset | ssh router ipset restore',
    '<%= config.bin %> <%= command.id %> --format csv > blocked.csv',
  ];
  static override flags = {
    format: Flags.option({ options: EXPORT_NAMES })({ default: 'plain', char: 'f' }),
    scope: Flags.option({ options: SCOPES })({
      description: 'only this scope',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(BlocksExport);
    const loaded = await this.loadToFind(flags.config);
    const name = this.jsonEnabled() ? 'json' : flags.format;
    await this.withReader(loaded, (reader) =>
      writeAll(reader, name, { nowMs: Date.now(), scope: flags.scope }),
    );
  }
}

/** Page by page, so that a million blocks need no more memory than a few. */
async function writeAll(
  reader: Reader,
  name: ExportName,
  { nowMs, scope }: { readonly nowMs: number; readonly scope: Scope | undefined },
): Promise<void> {
  const format = exportFormat(name, nowMs);
  await writeLines(format.head);
  const filter = {
    nowUs: nowMs * 1000,
    unproven: true,
    ...(scope === undefined ? {} : { scope }),
  };
  let first = true;
  let page = await reader.blocksAfter(filter, -1);
  while (page !== null) {
    const lines: string[] = [];
    for (const row of page.blocks) {
      lines.push(format.line(blockView(row, row.packetsDropped), first));
      first = false;
    }
    await writeLines(lines);
    page = await reader.blocksAfter(filter, page.lastId);
  }
  await writeLines(format.end());
}
