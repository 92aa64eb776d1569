import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';
import { kernelName, sumDrops } from '../../src/trap/kernel-drops.js';

const TABLE = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  100: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000 12
  101: 00000000:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000 30
  102: 0100007F:13C5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000 500
`;

describe('the kernel’s table', () => {
  it.skipIf(endianness() !== 'LE')('names sockets in words of the host’s order', () => {
    expect(kernelName('127.0.0.1', 5060)).toBe('0100007F:13C4');
    expect(kernelName('0.0.0.0', 5060)).toBe('00000000:13C4');
    expect(kernelName('2001:db8::1', 1)).toBe('B80D0120000000000000000001000000:0001');
  });

  it('gives the drops of the sockets named, and of no other', () => {
    expect(sumDrops(TABLE, new Set(['0100007F:13C4', '00000000:13C4']))).toBe(42);
    expect(sumDrops(TABLE, new Set(['0100007F:0001']))).toBe(0);
  });
});
