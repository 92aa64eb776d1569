import { Args, Flags } from '@oclif/core';
import { numberView, type NumberView } from '../../api/views/number.js';
import { readInput } from '../../cli/add-many.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { NUMBER_HEAD, numberCells } from '../../cli/views/number-view.js';
import { renderTable } from '../../cli/text/table.js';
import { dialledDigits } from '../../core/sip/dialled-number.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import type { Reader } from '../../store/read/reader.js';

interface Queried {
  /** As it was asked for. */
  readonly query: string;
  readonly seen: boolean;
  readonly numbers: readonly NumberView[];
}

interface QueryResult {
  readonly queries: readonly Queried[];
  readonly seen: number;
  readonly unseen: number;
  /** Arguments that are no telephone number. */
  readonly refused: readonly string[];
}

/** As grep: none of them is known. */
const EXIT_NONE_SEEN = 1;
const SUFFIX_DIGITS_MIN = 4;
const MATCHES_MAX = 100;

export default class NumbersQuery extends AgentCommand {
  static override summary = 'Tell whether telephone numbers were ever dialled here';
  static override description =
    'A number may be written in any way: +442071838750, 00442071838750, 9011442071838750. With - ' +
    'they are read from stdin, one a line. A word that is no number is named on stderr, and the ' +
    'others are answered. Exit code 0: at least one was dialled; 1: none was.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> +442071838750',
    '<%= config.bin %> <%= command.id %> --suffix 8750',
    '<%= config.bin %> <%= command.id %> --quiet 00442071838750 && echo seen',
    'cut -d, -f3 cdr.csv | <%= config.bin %> <%= command.id %> - --json',
  ];
  static override strict = false;
  static override args = {
    number: Args.string({ required: true, description: 'numbers, or - for those on stdin' }),
  };
  static override flags = {
    suffix: Flags.boolean({ description: 'numbers that end in these digits, at least four' }),
    'exit-zero': Flags.boolean({ description: 'exit code 0 also when none was dialled' }),
    quiet: Flags.boolean({ char: 'q', description: 'say nothing, the exit code tells' }),
  };

  async run(): Promise<QueryResult> {
    const { argv, flags } = await this.parse(NumbersQuery);
    const loaded = await this.loadToFind(flags.config);
    const words = argv.map(String);
    // What comes from a file may hold anything: what is no number there was never dialled.
    const refused = words.filter((word) => word !== '-' && !isNumber(word, flags.suffix));
    const whys = refused.map((word) => notANumber(word, flags.suffix));
    const [first] = whys;
    if (first !== undefined && refused.length === words.length) throw first;
    for (const { message } of whys) process.stderr.write(`${message}\n`);
    const texts = await readTexts(words.filter((word) => !refused.includes(word)));
    const queries = await this.withReader(loaded, (reader) => ask(reader, texts, flags.suffix));
    const seen = queries.filter((query) => query.seen).length;
    if (!flags.quiet) this.log(render(queries));
    if (seen === 0 && !flags['exit-zero']) process.exitCode = EXIT_NONE_SEEN;
    return { queries, seen, unseen: queries.length - seen, refused };
  }
}

async function readTexts(words: readonly string[]): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const word of words) {
    if (word !== '-') texts.push(word);
    else for (const line of (await readInput('-')).split('\n')) texts.push(line.trim());
  }
  const given = texts.filter((text) => text !== '');
  if (given.length > 0 && given.length <= LIMITS.queriedNumbersMax) return given;
  throw new AgentError(
    'USAGE',
    `${given.length} numbers were given`,
    `give from 1 to ${LIMITS.queriedNumbersMax} numbers, one a line on stdin`,
  );
}

function isNumber(text: string, suffix: boolean): boolean {
  const digits = dialledDigits(text);
  return digits !== null && (!suffix || digits.length >= SUFFIX_DIGITS_MIN);
}

const notANumber = (text: string, suffix: boolean): AgentError =>
  new AgentError(
    'USAGE',
    `${quoteText(text)} is no telephone number${suffix ? ' of at least four digits' : ''}`,
    'a number is digits, with + before them or not, such as +442071838750',
  );

async function ask(
  reader: Reader,
  texts: readonly string[],
  suffix: boolean,
): Promise<readonly Queried[]> {
  const queries: Queried[] = [];
  for (const query of texts) {
    const found = suffix
      ? await reader.findNumbersBySuffix(query, MATCHES_MAX)
      : await reader.findNumber(query);
    queries.push({ query, seen: found.length > 0, numbers: found.map(numberView) });
  }
  return queries;
}

function render(queries: readonly Queried[]): string {
  const unseen = queries.filter((each) => !each.seen).map(({ query }) => query);
  const rows = queries.flatMap(({ query, numbers }) =>
    numbers.map((number) => [quoteText(query), ...numberCells(number)]),
  );
  const parts = rows.length === 0 ? [] : [renderTable(['ASKED', ...NUMBER_HEAD], rows)];
  for (const query of unseen) parts.push(`${quoteText(query)}: never dialled here`);
  return parts.join('\n');
}
