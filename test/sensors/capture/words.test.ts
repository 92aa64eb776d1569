import { describe, expect, it } from 'vitest';
import {
  captureFilter,
  captureWords,
  complaintOf,
  isWithoutVlan,
  kernelDropsOf,
} from '../../../src/sensors/capture/words.js';

const WISH = {
  program: 'tcpdump',
  interface: 'eth0',
  ports: [5060, 5080],
  filter: '',
  promiscuous: false,
} as const;
const PLAIN = 'port 5060 or port 5080 or (ip[6:2] & 0x1fff != 0) or ip6 proto 44';

describe('the words of a capturing program', () => {
  it('names every port, later fragments, and both behind a VLAN tag', () => {
    expect(captureFilter(WISH, false)).toBe(PLAIN);
    expect(captureFilter(WISH, true)).toBe(`${PLAIN} or (vlan and (${PLAIN}))`);
  });

  it('takes a filter of the operator in place of its own, as one word behind the options', () => {
    const words = captureWords(
      { ...WISH, filter: '-w /etc/passwd' },
      { vlan: true, becomes: null },
    );
    expect(words.slice(-2)).toEqual(['--', '-w /etc/passwd']);
  });

  const rights = { vlan: false, becomes: 'nobody' };
  it.each([
    [
      'tcpdump',
      WISH,
      `-n -U --immediate-mode -B 8192 -i eth0 -s 65535 -w - -p -Z nobody -- ${PLAIN}`,
    ],
    [
      'tcpdump at a mirror port',
      { ...WISH, promiscuous: true },
      `-n -U --immediate-mode -B 8192 -i eth0 -s 65535 -w - -Z nobody -- ${PLAIN}`,
    ],
    [
      'dumpcap',
      { ...WISH, program: 'dumpcap' } as const,
      `-q -i eth0 -s 65535 -w - -p -B 8 -f ${PLAIN}`,
    ],
  ])('%s', (_, wish, words) => {
    expect(captureWords(wish, rights).join(' ')).toBe(words);
  });
});

describe('what a capturing program says', () => {
  it.each([
    [
      'tcpdump: nope: No such device exists\n(No such device exists)\n',
      'tcpdump: nope: No such device exists',
    ],
    [
      "tcpdump: eth0: You don't have permission to perform this capture on that device\n",
      "tcpdump: eth0: You don't have permission to perform this capture on that device",
    ],
    [
      'Capturing on \'nope\'\ndumpcap: There is no device named "nope".\n',
      'dumpcap: There is no device named "nope".',
    ],
    [
      'tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 65535 bytes\n' +
        '3 packets captured\n6 packets received by filter\n1 packet dropped by kernel\n',
      null,
    ],
    [
      "Capturing on 'Loopback: lo'\nFile: -\nPackets captured: 1\n" +
        "Packets received/dropped on interface 'Loopback: lo': 1/0 (100.0%)\n",
      null,
    ],
    ['', null],
  ])('is a complaint or none: %j', (said, complaint) => {
    expect(complaintOf(said)).toBe(complaint);
  });

  it('tells the drops of its last report', () => {
    const report = (drops: number): string =>
      `tcpdump: 2 packets captured, 4 packets received by filter, ${drops} packets dropped by kernel\n`;
    expect(kernelDropsOf(report(1) + report(7))).toBe(7);
    expect(kernelDropsOf('tcpdump: listening on lo\n')).toBeNull();
  });

  it('knows an interface without VLAN tags', () => {
    expect(isWithoutVlan('tcpdump: no VLAN support for Linux cooked v2')).toBe(true);
    expect(isWithoutVlan('tcpdump: syntax error in filter expression')).toBe(false);
  });
});
