import { Flags } from '@oclif/core';
import { NUMBER_CSV_HEAD, numberCsv, numberView, type NumberView } from '../../api/views/number.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { NUMBER_HEAD, numberCells } from '../../cli/views/number-view.js';
import { readDuration } from '../../core/common/read-duration.js';
import { renderTable } from '../../cli/text/table.js';
import { writeLines } from '../../cli/text/write-lines.js';
import { LIMITS } from '../../core/common/limits.js';
import { safeJson } from '../../core/common/text.js';
import { NUMBER_TYPES } from '../../store/statistics/phone-number.js';
import type { NumberFilter, StoredNumber } from '../../store/read/read-numbers.js';
import type { Reader } from '../../store/read/reader.js';

interface NumbersListing {
  readonly numbers: readonly NumberView[];
  readonly limit: number;
}

export default class NumbersList extends AgentCommand {
  static override summary = 'Show the telephone numbers that were dialled';
  static override description =
    'The last dialled first. Dial prefixes are stripped: what is one number, however it was ' +
    'written, is one row. --export writes all of them: csv is safe to open in a spreadsheet, txt is ' +
    'one number a line.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --type premium --since 7d',
    '<%= config.bin %> <%= command.id %> --sort calls --limit 20',
    '<%= config.bin %> <%= command.id %> --export csv > numbers.csv',
  ];
  static override flags = {
    country: Flags.string({ helpValue: 'CODE', description: 'only this country, as GB' }),
    type: Flags.option({ options: NUMBER_TYPES })({ description: 'only this type' }),
    'high-risk': Flags.boolean({ description: 'only known destinations of toll fraud' }),
    since: Flags.string({
      helpValue: 'DURATION',
      description: 'only those dialled in the last 90s, 10m, 4h, 7d',
    }),
    sort: Flags.option({ options: ['last', 'calls'] as const })({
      default: 'last',
      description: 'last dialled first, or most dialled first',
    }),
    limit: Flags.integer({ default: 50, min: 1, max: 1000, description: 'rows at most' }),
    export: Flags.option({ options: ['csv', 'json', 'txt'] as const })({
      description: 'write all of them in this format',
    }),
  };

  async run(): Promise<NumbersListing> {
    const { flags } = await this.parse(NumbersList);
    const loaded = await this.loadToFind(flags.config);
    const since = flags.since === undefined ? null : readDuration(flags.since, '--since');
    const filter: NumberFilter = {
      limit: flags.limit,
      order: flags.sort,
      ...(flags.country !== undefined && { country: flags.country.toUpperCase() }),
      ...(flags.type !== undefined && { type: flags.type }),
      ...(flags['high-risk'] && { highRisk: true }),
      ...(since !== null && { sinceUs: (Date.now() - since * 1000) * 1000 }),
    };
    const format = flags.export;
    if (format !== undefined && !this.jsonEnabled()) {
      await this.withReader(loaded, (reader) => exportAll(reader, filter, format));
      return { numbers: [], limit: 0 };
    }
    const numbers = (await this.withReader(loaded, (reader) => reader.listNumbers(filter))).map(
      numberView,
    );
    this.log(
      numbers.length === 0 ? 'No numbers.' : renderTable(NUMBER_HEAD, numbers.map(numberCells)),
    );
    return { numbers, limit: flags.limit };
  }
}

/** Page by page in the order of the last call, so that many numbers need no more memory than few. */
async function exportAll(
  reader: Reader,
  filter: NumberFilter,
  format: 'csv' | 'json' | 'txt',
): Promise<void> {
  if (format === 'csv') await writeLines([NUMBER_CSV_HEAD]);
  if (format === 'json') await writeLines(['{"numbers": [']);
  let last: StoredNumber | undefined;
  for (;;) {
    const { lastAtUs = 0, id = 0 } = last ?? {};
    const page = await reader.listNumbers({
      ...filter,
      order: 'last',
      limit: LIMITS.listedRowsMax,
      ...(last !== undefined && { after: { lastAtUs, id } }),
    });
    const first = last === undefined;
    await writeLines(page.map((number, at) => exportLine(number, format, first && at === 0)));
    last = page.at(-1);
    if (page.length < LIMITS.listedRowsMax) break;
  }
  if (format === 'json') await writeLines([']}']);
}

function exportLine(number: StoredNumber, format: 'csv' | 'json' | 'txt', first: boolean): string {
  if (format === 'txt') return number.number;
  const view = numberView(number);
  return format === 'csv'
    ? numberCsv(view)
    : `${first ? '' : ','}${safeJson(JSON.stringify(view))}`;
}
