import { describe, expect, it } from 'vitest';
import { translateFlags } from '../../src/cli/reference-flags.js';

describe('translateFlags', () => {
  it.each([
    ['--list-phonenumbers', 'numbers list'],
    ['--query-phonenumber +442071838750', 'numbers query +442071838750'],
    ['--query-phonenumber=+442071838750', 'numbers query +442071838750'],
    ['-c /etc/s.conf --query-phonenumber 123', 'numbers query -c /etc/s.conf 123'],
    ['--stats', 'stats'],
    ['--stats --json', 'stats --json'],
    ['--show-config -c /etc/s.conf', 'config show -c /etc/s.conf'],
    ['-c /etc/s.conf -d', 'run -c /etc/s.conf -d'],
    ['-v', 'run -v'],
    ['-vv', 'run -vv'],
    ['-d', 'run -d'],
  ])('%s is %s', (line, expected) => {
    const { args, pointer } = translateFlags(line.split(' '), 'agent');
    expect(args.join(' ')).toBe(expected);
    expect(pointer).toBe(`the command for this is: agent ${expected}`);
  });

  it.each([
    '',
    '--help',
    '--version',
    '-c /etc/s.conf --help',
    'stats --json',
    'run -v',
    '--nonsense',
  ])('%j stays as it is', (line) => {
    const args = line === '' ? [] : line.split(' ');
    expect(translateFlags(args, 'agent')).toEqual({ args, pointer: null });
  });
});
