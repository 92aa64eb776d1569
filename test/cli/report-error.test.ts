import { afterEach, expect, it, vi } from 'vitest';
import { readDuration } from '../../src/core/common/read-duration.js';
import { readMoment } from '../../src/core/common/read-moment.js';
import { reportError } from '../../src/cli/report-error.js';
import { AgentError } from '../../src/core/common/errors.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is printed, and the exit code. */
function report(error: Error, json = false) {
  let text = '';
  const take = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code ?? ''}`);
  });
  expect(() => reportError(error, json)).toThrow(/^exit/);
  return { text, exit: exit.mock.calls[0]?.[0] };
}

const usage = (message: string): Error => Object.assign(new Error(message), { oclif: { exit: 2 } });

it.each([
  [
    'Missing 1 required arg:\ntarget  address or CIDR\nSee more help with --help',
    'Missing 1 required arg: target: address or CIDR',
  ],
  ['Nonexistent flag: --foo\nSee more help with --help', 'there is no flag --foo'],
  [
    'Expected nothing to be one of: svmap, svwar\nSee more help with --help',
    "'nothing' is none of svmap, svwar",
  ],
  [
    'The following error occurred:\n  \u001b[2mMissing required flag peer\u001b[22m\nSee more help with --help',
    'The following error occurred: Missing required flag peer',
  ],
])('tells the name of what is missing: %j', (message, shown) => {
  const { text, exit } = report(usage(message));
  expect(text).toBe(`Error: ${shown}\n  USAGE: see the same command with --help\n`);
  expect(exit).toBe(2);
});

it('lets nothing of a file’s name steer the terminal, in words and in JSON', () => {
  const error = new AgentError('NOT_FOUND', 'file a\u001b[2J\u202eb: not there', 'name another');
  expect(report(error).text).toBe(
    'Error: file a\\x1b[2J\\u202eb: not there\n  NOT_FOUND: name another\n',
  );
  const { text } = report(error, true);
  expect(text).toContain('a\\u001b[2J\\u202eb');
  expect(JSON.parse(text)).toMatchObject({ error: { message: error.message } });
});

it('names the flag whose value is none', () => {
  expect(() => readDuration('5x', '--for')).toThrow('--for 5x: that is no duration');
  expect(() => readMoment('noon', '--since', 0)).toThrow('--since noon: that is no moment');
});
