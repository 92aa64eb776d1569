import type { LabHost } from './lab.js';

/** The kernel's own counts of UDP datagrams in a namespace, IPv4 and IPv6 together. */
export interface UdpCounters {
  /** Delivered to a socket that a program reads. */
  readonly inDatagrams: number;
  /** For a port where nobody listens. */
  readonly noPorts: number;
  readonly inErrors: number;
  readonly outDatagrams: number;
}

export async function readUdpCounters(host: LabHost): Promise<UdpCounters> {
  const files = ['/proc/net/snmp', '/proc/net/snmp6'];
  const { stdout } = await host.exec('cat', files);
  return parseUdpCounters(stdout);
}

/** Adds up the `Udp:` lines of /proc/net/snmp and the `Udp6…` lines of /proc/net/snmp6. */
export function parseUdpCounters(text: string): UdpCounters {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const [names = [], values = []] = lines.filter((words) => words[0] === 'Udp:');
  const count = (name: string): number => {
    const ipv4 = Number(values[names.indexOf(name)] ?? NaN);
    const ipv6 = Number(lines.find((words) => words[0] === `Udp6${name}`)?.[1] ?? NaN);
    if (Number.isNaN(ipv4 + ipv6)) throw new Error(`no counter ${name} in: ${text}`);
    return ipv4 + ipv6;
  };
  return {
    inDatagrams: count('InDatagrams'),
    noPorts: count('NoPorts'),
    inErrors: count('InErrors'),
    outDatagrams: count('OutDatagrams'),
  };
}

/** The ruleset as nft's JSON with `table` left out: what others own, handles and counters too. */
export async function foreignRuleset(host: LabHost, table = 'sentrypeer'): Promise<string> {
  const { stdout } = await host.exec('nft', ['-j', 'list', 'ruleset']);
  // JSON.parse gives `any`; nft's listing is an object with one array.
  const { nftables } = JSON.parse(stdout) as { nftables: Record<string, { table?: string }>[] };
  const isOurs = (name: unknown): boolean => name === table;
  const foreign = nftables.filter((entry) =>
    Object.entries(entry).every(
      ([kind, item]) => !isOurs(item.table) && !(kind === 'table' && isOurs(nameOf(item))),
    ),
  );
  return JSON.stringify(foreign, null, 1);
}

const nameOf = (item: object): unknown => ('name' in item ? item.name : null);

/** What nft prints of a table, '' when it is not there. */
export async function nftTable(host: LabHost, table = 'sentrypeer'): Promise<string> {
  const args = ['list', 'table', 'inet', table];
  const { stdout, exitCode } = await host.exec('nft', args, { reject: false });
  return exitCode === 0 ? stdout : '';
}
