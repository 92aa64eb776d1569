import { join } from 'node:path';
import { explainDenied } from '../agent/access.js';
import { PACKAGE_ROOT } from '../agent/package.js';
import { AgentError, ERROR_CODES } from '../core/common/errors.js';
import { safeJson, safeText } from '../core/common/text.js';

/**
 * Ends the process with the error on the terminal: one line that says what, one that says what to
 * do. With --json the same as an object on stdout. Exit codes are those of docs/ERRORS.md.
 */
export function reportError(raised: Error, json: boolean): never {
  const error = raised instanceof AgentError ? explainDenied(raised) : raised;
  // oclif ends a command that is done (--help, --version) by an error that carries its exit code.
  const exit = exitCodeOf(error);
  if (exit === 0) process.exit(0);
  const { code, message, remedy } = describe(error);
  if (json) {
    const text = JSON.stringify({ error: { code, message, remedy } }, null, 2);
    process.stdout.write(`${safeJson(text)}\n`);
  } else {
    const [shown, todo] = [message, remedy].map((text) =>
      text.split('\n').map(safeText).join('\n'),
    );
    process.stderr.write(`Error: ${shown ?? ''}\n  ${code}: ${todo ?? ''}\n`);
  }
  process.exit(exit);
}

const oclifExit = (error: Error): number | null =>
  'oclif' in error && typeof error.oclif === 'object' && error.oclif !== null
    ? ((error.oclif as { exit?: number }).exit ?? null)
    : null;

function exitCodeOf(error: Error): number {
  if (error instanceof AgentError) return error.exitCode;
  const exit = oclifExit(error);
  if (exit === 0) return 0;
  return exit === null ? ERROR_CODES.INTERNAL.exit : ERROR_CODES.USAGE.exit;
}

/** Where the page lies on this machine: it is installed with the program. */
export const placeDocs = (text: string): string =>
  text.replace(/(?<![\w/])docs\/(?=[A-Z_]+\.md)/g, () => join(PACKAGE_ROOT, 'docs/'));

function describe(error: Error): { code: string; message: string; remedy: string } {
  if (error instanceof AgentError) {
    return { code: error.code, message: error.message, remedy: placeDocs(error.remedy) };
  }
  if (oclifExit(error) !== null) {
    return { code: 'USAGE', message: inOneLine(error), remedy: 'see the same command with --help' };
  }
  return {
    code: 'INTERNAL',
    message: error.stack ?? error.message,
    remedy: 'this is a fault in the program: please report it with the lines above',
  };
}

/** `Expected x to be one of: a, b` reads as if that were to come. */
const inOurWords = (line: string): string =>
  line
    .replace(/^Nonexistent flag: /, 'there is no flag ')
    .replace(/^Nonexistent flags: /, 'there are no flags ')
    .replace(/^Expected (.*) to be one of: /, "'$1' is none of ");

/** oclif puts the names of what is missing, and why a flag is wrong, on lines of their own. */
function inOneLine({ message, name }: Error): string {
  const lines = message

    .replace(/\u001b\[\d*m/g, '')
    .split('\n')
    .map((line) => line.trim().replace(/\s{2,}/g, ': '))
    .filter((line) => line !== '' && !line.startsWith('See more help'));
  const [first = name, ...more] = lines.map(inOurWords);
  if (more.length === 0) return first;
  return `${first.replace(/:$/, '')}: ${more.join('; ')}`;
}
