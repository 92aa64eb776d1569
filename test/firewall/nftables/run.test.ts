import { describe, expect, it } from 'vitest';
import { nftError, runNft } from '../../../src/firewall/nftables/run.js';

const node = (script: string): string[] => [process.execPath, '-e', script];
const call = { args: ['list'], input: null, msMax: 10_000 };

describe('an error of nft', () => {
  const cases = [
    [
      '/dev/stdin:1:1-17: Error: Could not process rule: Operation not permitted\nadd table inet x',
      'FIREWALL_DENIED',
      'Could not process rule: Operation not permitted',
    ],
    [
      'Operation not permitted (you must be root)\n' +
        'netlink: Error: cache initialization failed: Operation not permitted',
      'FIREWALL_DENIED',
      'netlink: Error: cache initialization failed: Operation not permitted',
    ],
    [
      '/dev/stdin:3:2-9: Error: Could not process rule: Too many open files in system',
      'FIREWALL_FAILED',
      'a set of blocks in the kernel is full',
    ],
    [
      '/dev/stdin:1:29-32: Error: No such file or directory\nadd element inet t x { 1.2.3.4 }',
      'FIREWALL_GONE',
      'No such file or directory',
    ],
    ['/dev/stdin:3:43-55: Error: value too large', 'FIREWALL_FAILED', 'nft refused: value too'],
    ['\x1b[31mwhat\nnext line', 'FIREWALL_FAILED', 'nft refused: \\x1b[31mwhat'],
  ] as const;
  it.each(cases)('%j becomes %s', (stderr, code, words) => {
    const error = nftError(stderr);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('\n');
    expect(error.remedy).not.toBe('');
  });
});

describe('a call of nft', () => {
  it('hands the input to stdin and gives stdout', async () => {
    const echo = node('process.stdin.pipe(process.stdout)');
    expect(await runNft(echo, { ...call, args: [], input: 'add table inet t' })).toBe(
      'add table inet t',
    );
  });

  it('reads messages in the C locale', async () => {
    expect(await runNft(node('console.log(process.env.LC_ALL)'), call)).toBe('C');
  });

  it('says that the program is missing and how to get it', async () => {
    const missing = runNft(['/nonexistent/nft'], call);
    await expect(missing).rejects.toMatchObject({
      code: 'FIREWALL_MISSING',
      remedy: 'install it: apt-get install nftables',
    });
  });

  it('ends a program that hangs', async () => {
    const hanging = runNft(node('setInterval(() => {}, 1000)'), { ...call, msMax: 100 });
    await expect(hanging).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: 'nft did not finish within 100 ms',
    });
  });

  it('fails with a word also when nft says none', async () => {
    await expect(runNft(node('process.exit(3)'), call)).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: expect.stringContaining('exit code 3') as string,
    });
  });
});
