/** Programs that can capture: both write what they see to their standard output. */
export const CAPTURE_PROGRAMS = ['tcpdump', 'dumpcap'] as const;
export type CaptureProgram = (typeof CAPTURE_PROGRAMS)[number];

/** What is captured, and how. */
export interface CaptureWish {
  readonly program: CaptureProgram;
  readonly interface: string;
  /** Ports of the PBX, its own or those of its peers. */
  readonly ports: readonly number[];
  /** A filter in the words of pcap-filter(7), in place of that of the ports; empty: none. */
  readonly filter: string;
  /** Whether packets for other hosts are seen, too: those of a mirror port. */
  readonly promiscuous: boolean;
}

/** KiB that the kernel holds for the program while it or we are busy. */
const BUFFER_KIB = 8_192;
const FRAME_BYTES_MAX = 65_535;

/**
 * Packets of the ports, and later fragments of datagrams, which have no port: IPv4's by their
 * offset, IPv6's by the fragment header. The same behind a VLAN tag comes last, because `vlan`
 * moves what follows it (pcap-filter(7)); some kinds of interface do not have it.
 */
export function captureFilter({ ports, filter }: CaptureWish, vlan: boolean): string {
  if (filter !== '') return filter;
  const wanted = ports.map((port) => `port ${port}`).join(' or ');
  const plain = `${wanted} or (ip[6:2] & 0x1fff != 0) or ip6 proto 44`;
  return vlan ? `${plain} or (vlan and (${plain}))` : plain;
}

/**
 * The words of the program. `becomes` is the account whose rights tcpdump goes on with, once it has
 * the interface; null: it keeps its own. dumpcap gives up all rights by itself.
 */
export function captureWords(
  wish: CaptureWish,
  { vlan, becomes }: { readonly vlan: boolean; readonly becomes: string | null },
): readonly string[] {
  const filter = captureFilter(wish, vlan);
  const common = [
    ...['-i', wish.interface, '-s', String(FRAME_BYTES_MAX), '-w', '-'],
    ...(wish.promiscuous ? [] : ['-p']),
  ];
  if (wish.program === 'dumpcap') {
    return ['-q', ...common, '-B', String(BUFFER_KIB / 1_024), '-f', filter];
  }
  const rights = becomes === null ? [] : ['-Z', becomes];
  const atOnce = ['-n', '-U', '--immediate-mode', '-B', String(BUFFER_KIB)];
  return [...atOnce, ...common, ...rights, '--', filter];
}

/** The kind of interface knows no VLAN tags: libpcap's words, which are never translated. */
export const isWithoutVlan = (said: string): boolean => said.includes('no VLAN support');

/** What tcpdump and dumpcap say of their work, and is no complaint. */
const NO_COMPLAINT =
  /listening on|^Capturing on|^File: |packets? (captured|received|dropped)|^Packets|^\s*$/i;

/** The first complaint of a program that ended; null: it made none. */
export const complaintOf = (said: string): string | null =>
  said.split('\n').find((line) => !NO_COMPLAINT.test(line)) ?? null;

/** Packets that the kernel dropped, of the last report that tcpdump wrote; null: it wrote none. */
export function kernelDropsOf(said: string): number | null {
  const found = [...said.matchAll(/(\d+) packets? dropped by kernel/g)].at(-1)?.[1];
  return found === undefined ? null : Number(found);
}
