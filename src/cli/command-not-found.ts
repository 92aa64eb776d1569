import type { Hook } from '@oclif/core';
import { suggest } from '../config/suggest.js';
import { AgentError } from '../core/common/errors.js';
import { quoteText } from '../core/common/text.js';
import { reportError } from './report-error.js';

/** Says which command was meant, without a question that a script could not answer. */
const commandNotFound: Hook.CommandNotFound = ({ id, argv, config }) => {
  const typed = id.replaceAll(':', ' ');
  const names = config.commandIDs.map((name) => name.replaceAll(':', ' '));
  const meant = findMeant(typed, names);
  const [topic = ''] = typed.split(' ');
  const where = names.some((name) => name.startsWith(`${topic} `)) ? `${topic} ` : '';
  const remedy =
    meant === null
      ? `see \`${config.bin} ${where}--help\` for the commands`
      : `did you mean \`${config.bin} ${meant}\`?`;
  const known = names.find((name) => typed.startsWith(`${name} `));
  const error =
    known === undefined
      ? new AgentError('USAGE', `there is no command ${quoteText(typed)}`, remedy)
      : new AgentError(
          'USAGE',
          `${known} takes no argument ${quoteText(typed.slice(known.length + 1))}`,
          `see \`${config.bin} ${known} --help\``,
        );
  reportError(error, argv?.includes('--json') ?? false);
};

/** What one slip or two make of it, else the only command that begins so. */
function findMeant(typed: string, names: readonly string[]): string | null {
  const near = suggest(typed, names);
  if (near !== null) return near;
  const [only, ...others] = names.filter((name) => name.startsWith(typed));
  return only !== undefined && others.length === 0 ? only : null;
}

// oclif takes a hook by the default export of its file.
export default commandNotFound;
