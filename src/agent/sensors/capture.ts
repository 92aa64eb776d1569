import { userInfo } from 'node:os';
import { trapSocketsOf, type Settings } from '../../config/schema.js';
import type { Endpoint, Packet } from '../../core/model/transport.js';
import { rootRights } from '../../firewall/root-rights.js';
import { openCapture } from '../../sensors/capture/capture.js';
import { createIsPbx } from './pbx-addresses.js';
import type { SensorKind } from './sensor-kind.js';

/** Packets of a PBX as they pass an interface. */
export const CAPTURE_SENSOR: SensorKind = {
  name: 'capture',
  wanted: ({ capture }) => (capture.interface === null ? null : JSON.stringify(capture)),
  open: (settings, { mirrored, nowUs, say }) => {
    const { interface: name, ports, filter, program, promiscuous, tunnels } = settings.capture;
    if (name === null) throw new Error('no interface');
    const isOfTrap = createIsOfTrap(settings, nowUs);
    let ofTrap = 0;
    const capture = openCapture({
      wish: { program, interface: name, ports, filter, promiscuous },
      tunnels,
      rights: rootRights(),
      becomes: accountFor(),
      nowUs,
      take: (packet) => {
        if (isOfTrap(packet)) ofTrap += 1;
        else mirrored(packet, 'capture');
      },
      say: (text) => {
        say(`sensor capture: ${text}`);
      },
    });
    const where = filter === '' ? `${name} port ${ports.join(', ')}` : `${name} ${filter}`;
    const status = () => {
      const { messages, problem, encrypted, restarts, kernelDrops } = capture.status();
      const left = {
        of_the_trap: ofTrap,
        encrypted,
        dropped_by_kernel: kernelDrops ?? 0,
        restarts,
      };
      return { where, taken: messages - ofTrap, left, trouble: problem };
    };
    return Promise.resolve({ status, close: capture.close });
  },
};

/** What the trap says and hears is told by itself: seen here once more, it would count twice. */
export function createIsOfTrap(
  settings: Settings,
  nowUs: () => number,
): (packet: Pick<Packet, 'source' | 'local'>) => boolean {
  const { addresses, udpPorts, tcpPorts } = trapSocketsOf(settings);
  const ports = new Set([...udpPorts, ...tcpPorts]);
  const isHost = createIsPbx([], nowUs);
  const isEnd = ({ address, port }: Endpoint): boolean => {
    if (!ports.has(port)) return false;
    const any = addresses.includes(address.includes(':') ? '::' : '0.0.0.0');
    return any ? isHost(address) : addresses.includes(address);
  };
  return ({ source, local }) => isEnd(local) || isEnd(source);
}

/**
 * Whose rights tcpdump goes on with: root's are nothing that it needs. Where we gave root up
 * ourselves it takes our account, so that we may end it. Null: it starts without root.
 */
function accountFor(): string | null {
  if (process.getuid?.() !== 0) return null;
  if (process.geteuid?.() === 0) return 'nobody';
  try {
    return userInfo().username;
  } catch {
    // A number without an account, as of a volume in a container.
    return 'nobody';
  }
}
