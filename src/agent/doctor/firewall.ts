import type { StatusView } from '../../api/views.js';
import type { LoadedSettings } from '../../config/load.js';
import { AgentError } from '../../core/common/errors.js';
import { findClosedChains, type ClosedChain } from '../../firewall/neighbours.js';
import { chooseFor } from '../firewall/open-keeper.js';
import { AS_ROOT, fail, ok, unknown, warn, type Finding } from './finding.js';
import { CAP_NET_ADMIN, hasCapability, readText, type ProcessRights } from './host.js';
import type { WantedSocket } from './ports.js';

const OWN_TABLE = 'sentrypeer';

/** What blocking there is, or would be. `own`: the rights of this command. */
export async function examineFirewall(
  loaded: LoadedSettings,
  status: StatusView | null,
  own: ProcessRights,
): Promise<readonly Finding[]> {
  if (status !== null) return judgeBlocking(loaded, status.blocking);
  const { mode } = loaded.settings.blocking;
  const chosen = await chooseFor(loaded);
  await chosen.firewall.close();
  if (mode === 'observe' || chosen.enforcing) {
    return [ok('firewall', chosen.why)];
  }
  const mayAsk = own.capabilities !== null && hasCapability(own.capabilities, CAP_NET_ADMIN);
  if (!mayAsk) return [unknown('firewall', chosen.why, AS_ROOT)];
  return [fail('firewall', chosen.why, 'see to the cause named; until then nobody is blocked')];
}

function judgeBlocking(
  { settings }: LoadedSettings,
  blocking: StatusView['blocking'],
): readonly Finding[] {
  const { mode, why, last_error: lastError } = blocking;
  const findings: Finding[] = [];
  if (settings.blocking.mode === 'enforce' && mode === 'observe') {
    findings.push(fail('firewall', why, 'see to the cause named, and start the agent again'));
  } else {
    findings.push(ok('firewall', why));
  }
  if (lastError !== null) {
    findings.push(warn('firewall', `the last error: ${lastError}`, 'see `status` and the log'));
  }
  const { differing, retrying_changes: retrying } = blocking;
  if ((differing ?? 0) > 0 || retrying > 0) {
    const what = `${differing ?? 0} blocks differ from the kernel, ${retrying} changes are retried`;
    findings.push(warn('firewall', what, 'sentrypeer-agent jobs run firewall_check'));
  }
  return findings;
}

/** Whether another firewall stands before the trap and lets nothing through to it. */
export async function examineNeighbours(
  wanted: readonly WantedSocket[],
  own: ProcessRights,
): Promise<readonly Finding[]> {
  const others = findManagers();
  try {
    const closed = await findClosedChains(OWN_TABLE);
    return [...judgeNeighbours(closed, wanted, others), ...judgeLegacy()];
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const mayAsk = own.capabilities !== null && hasCapability(own.capabilities, CAP_NET_ADMIN);
    const { code, message, remedy } = error;
    if (code === 'FIREWALL_MISSING' || mayAsk) return [warn('other firewalls', message, remedy)];
    return [unknown('other firewalls', message, AS_ROOT)];
  }
}

/** Pure: `managers` are the programs that look after such chains (ufw, firewalld). */
export function judgeNeighbours(
  closed: readonly ClosedChain[],
  wanted: readonly WantedSocket[],
  managers: readonly string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const chain of closed) {
    const shut = wanted
      .map(({ transport, port }) => [transport === 'udp' ? 'udp' : 'tcp', port] as const)
      .filter(([protocol, port]) => !isOpened(chain, protocol, port))
      .map(([protocol, port]) => `${port}/${protocol}`);
    if (shut.length === 0) continue;
    const ports = [...new Set(shut)];
    const name = `table ${chain.family} ${chain.table}, chain ${chain.chain}`;
    const what = `${name} drops what it does not name, and `;
    if (seen.has(what)) continue;
    seen.add(what);
    const remedy = openingCommand(chain, ports, managers);
    findings.push(
      chain.unclear
        ? unknown(
            'other firewalls',
            `${what}what it names cannot be read: ${ports.join(', ')}`,
            remedy,
          )
        : warn(
            'other firewalls',
            `${what}it does not name ${ports.join(', ')}: what comes there never reaches the trap`,
            remedy,
          ),
    );
  }
  if (findings.length > 0) return findings;
  const beside = managers.length === 0 ? '' : ` (${managers.join(', ')} looks after some)`;
  return [ok('other firewalls', `no other chain keeps the trap's ports shut${beside}`)];
}

/** What opens `5060/udp` and the like, in the words of whoever looks after the chain. */
function openingCommand(
  { family, table, chain }: ClosedChain,
  ports: readonly string[],
  managers: readonly string[],
): string {
  if (managers.includes('ufw')) return ports.map((port) => `ufw allow ${port}`).join(' && ');
  // Its pid file is not everywhere; its table is its own.
  if (managers.includes('firewalld') || table === 'firewalld') {
    const add = ports.map((port) => `--add-port=${port}`).join(' ');
    return `firewall-cmd --permanent ${add} && firewall-cmd --reload`;
  }
  return ports
    .map((each) => each.split('/'))
    .map(([port = '', protocol = '']) => {
      const rule = `${protocol} dport ${port} accept`;
      return `nft insert rule ${family} ${table} ${chain} ${rule}`;
    })
    .join(' && ');
}

const isOpened = ({ opened }: ClosedChain, protocol: 'udp' | 'tcp', port: number): boolean =>
  opened.some(
    (range) =>
      (range.protocol === null || range.protocol === protocol) &&
      range.from <= port &&
      port <= range.to,
  );

function findManagers(): readonly string[] {
  const managers: string[] = [];
  if (/^ENABLED=yes/m.test(readText('/etc/ufw/ufw.conf') ?? '')) managers.push('ufw');
  if (readText('/run/firewalld.pid') !== null) managers.push('firewalld');
  return managers;
}

/** Rules of the old iptables are not nft's to list, and stand beside ours all the same. */
function judgeLegacy(): readonly Finding[] {
  const tables = (readText('/proc/net/ip_tables_names') ?? '').split('\n').filter(Boolean);
  if (tables.length === 0) return [];
  return [
    warn(
      'other firewalls',
      `iptables-legacy has tables here (${tables.join(', ')}), which nft does not show`,
      'see `iptables-legacy -S` for what it drops; `iptables-nft` shares one place with nft',
    ),
  ];
}
