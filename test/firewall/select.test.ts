import { describe, expect, it } from 'vitest';
import { BACKEND_NAMES } from '../../src/firewall/backends.js';
import { chooseFirewall, type FirewallWish } from '../../src/firewall/select.js';

/** Stands for nft: `--version` answers, a check succeeds or is refused. */
const fakeNft = (refusal: string | null): string[] => [
  process.execPath,
  '-e',
  `if (process.argv.includes('--version')) console.log('nftables v9');
   else if (${JSON.stringify(refusal)}) {
     console.error(${JSON.stringify(refusal)});
     process.exit(1);
   } else if (process.argv.includes('-j')) console.log('{"nftables":[]}');`,
  '--',
];

describe('choosing the firewall', () => {
  const enforce: FirewallWish = { mode: 'enforce', backend: 'nftables' };
  const denied = 'Error: Could not process rule: Operation not permitted';
  const cases: [string, FirewallWish, string[], string, boolean, string[]][] = [
    ['enforces when nft works', enforce, fakeNft(null), 'nftables', true, ['nftables v9']],
    [
      'observes without nft, with the remedy',
      enforce,
      ['/nonexistent/nft'],
      'observe',
      false,
      ['/nonexistent/nft is not on this machine', 'apt-get install nftables'],
    ],
    [
      'observes without the right, with the remedy',
      enforce,
      fakeNft(denied),
      'observe',
      false,
      ['may not change the firewall', 'CAP_NET_ADMIN'],
    ],
    [
      'observes when it is told to, without asking nft',
      { mode: 'observe', backend: 'nftables' },
      ['/nonexistent/nft'],
      'observe',
      false,
      ['mode is observe'],
    ],
    [
      'never claims to enforce with the observing backend',
      { mode: 'enforce', backend: 'observe' },
      [],
      'observe',
      false,
      ['backend is observe'],
    ],
  ];
  it.each(cases)('%s', async (_name, wish, command, name, enforcing, words) => {
    const chosen = await chooseFirewall(wish, { command });
    expect(chosen.firewall.name).toBe(name);
    expect(chosen.enforcing).toBe(enforcing);
    for (const word of words) expect(chosen.why).toContain(word);
    expect(chosen.why).not.toContain('\n');
  });

  it('knows the backends by name', () => {
    expect(BACKEND_NAMES).toEqual(['nftables', 'ufw', 'hook', 'observe']);
  });
});
