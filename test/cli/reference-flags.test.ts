import { describe, expect, it } from 'vitest';
import { isConfigured, translateFlags } from '../../src/cli/reference-flags.js';

const typed = { program: 'agent', folder: '/here', configured: false, terminal: false };
const words = (line: string): string[] => (line === '' ? [] : line.split(' '));

describe('translateFlags', () => {
  it.each([
    ['--list-phonenumbers', 'numbers list'],
    ['--query-phonenumber +442071838750', 'numbers query --exit-zero +442071838750'],
    ['--query-phonenumber=+442071838750', 'numbers query --exit-zero +442071838750'],
    ['-c /etc/s.conf --query-phonenumber 123', 'numbers query --exit-zero -c /etc/s.conf 123'],
    ['--stats', 'stats'],
    ['--stats --json', 'stats --json'],
    ['--show-config -c /etc/s.conf', 'config show -c /etc/s.conf'],
    ['-c /etc/s.conf -d', 'run -c /etc/s.conf -d'],
    ['-v', 'run -v'],
    ['-vv', 'run -vv'],
    ['-d', 'run -d'],
  ])('%s is %s', (line, expected) => {
    const { args, env, pointer } = translateFlags(words(line), typed);
    expect(args.join(' ')).toBe(expected);
    expect(env).toEqual({});
    expect(pointer).toBe(`the command for this is: agent ${expected}`);
  });

  it.each([
    [
      '-draps',
      'SENTRYPEER_SIP_RESPONSIVE=1 SENTRYPEER_API=1 SENTRYPEER_PEER_TO_PEER=1 ' +
        'SENTRYPEER_SYSLOG=1 agent run -v',
    ],
    [
      '-draws',
      'SENTRYPEER_SIP_RESPONSIVE=1 SENTRYPEER_API=1 SENTRYPEER_WEB_GUI=1 ' +
        'SENTRYPEER_SYSLOG=1 agent run -v',
    ],
    ['-s -f a/b.db', 'SENTRYPEER_SYSLOG=1 SENTRYPEER_DB_FILE=/here/a/b.db agent run'],
    ['-s -f/x.db --json', 'SENTRYPEER_SYSLOG=1 SENTRYPEER_DB_FILE=/x.db agent run --json'],
    ['-jl log.json', 'SENTRYPEER_JSON_LOG=1 SENTRYPEER_JSON_LOG_FILE=/here/log.json agent run'],
    ['-w https://x.example/e', 'SENTRYPEER_WEBHOOK_URL=https://x.example/e agent run'],
    ['-i me -c hush', 'SENTRYPEER_OAUTH2_CLIENT_ID=me agent run'],
    ['-g /x.toml', 'agent run -c /x.toml'],
    ['-r -c /x.conf', 'SENTRYPEER_SIP_RESPONSIVE=1 agent run -c /x.conf'],
  ])('%s of the C program is %s', (line, expected) => {
    const { args, env, pointer } = translateFlags(words(line), typed);
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    expect([...settings, 'agent', ...args].join(' ')).toBe(expected);
    expect(pointer).toBe(`the command for this is: ${expected}`);
  });

  it.each([
    '--help',
    '-h',
    '-V',
    '--version',
    '-c /etc/s.conf --help',
    '-ras -h',
    'stats --json',
    'run -v',
    '--nonsense',
    '-x',
    '-rx',
    '-f',
    '-r stats',
  ])('%j stays as it is', (line) => {
    expect(translateFlags(words(line), typed)).toEqual({
      args: words(line),
      env: {},
      pointer: null,
    });
  });

  it.each([
    ['neither a configuration nor a terminal', {}, ''],
    ['a configuration, into a pipe', { configured: true }, 'run -v'],
    ['a terminal', { terminal: true }, 'run'],
    ['both', { configured: true, terminal: true }, 'run'],
  ])('without a word, with %s', (_what, around, expected) => {
    const { args, pointer } = translateFlags([], { ...typed, ...around });
    expect(args.join(' ')).toBe(expected);
    if (expected === '') expect(pointer).toBeNull();
    else expect(pointer).toMatch(/^the command for this is: agent run.*--help/);
  });
});

describe('isConfigured', () => {
  it.each([
    [{ SENTRYPEER_CONFIG: '/x.conf' }, true],
    [{ SENTRYPEER_VERBOSE: '1' }, true],
    [{ PATH: '/bin' }, false],
  ])('%j: %s', (env, expected) => {
    expect(isConfigured(env, () => false)).toBe(expected);
  });

  it('tells an installed file', () => {
    expect(isConfigured({}, (file) => file === '/etc/sentrypeer/sentrypeer.conf')).toBe(true);
  });
});
