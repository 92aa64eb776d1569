import { optionalText } from './alert-targets.js';
import { key } from './key.js';
import { choice, integer, listOf, truth, type ValueReader } from './readers.js';

/** The name of a network interface as Linux has it, `any`, or nothing: null. */
const networkInterface: ValueReader<string | null> = {
  allowed: 'the name of a network interface such as eth0, or any; may be empty',
  read: (text) => {
    if (text === '') return { ok: true, value: null };
    return /^[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,31}$/.test(text)
      ? { ok: true, value: text }
      : { ok: false, why: 'it is no such name' };
  },
  write: (value) => value ?? '',
};

/** The section [capture]: packets of a PBX beside the trap, as they pass (docs/PBX.md). */
export const CAPTURE_KEYS = {
  interface: key(
    'interface',
    networkInterface,
    '',
    'Where packets of a PBX are captured; any is every interface. Empty: nowhere.',
  ),
  ports: key(
    'ports',
    listOf(integer(1, 65_535, 'a port'), 1),
    '5060',
    'SIP ports of the PBX. TLS cannot be read; what the trap itself says and hears is left out.',
  ),
  program: key(
    'program',
    // Those that src/sensors/capture knows.
    choice(['tcpdump', 'dumpcap']),
    'tcpdump',
    'The program that captures; it must be installed.',
  ),
  filter: key(
    'filter',
    optionalText,
    '',
    'What is captured, in the words of pcap-filter(7), in place of the ports. Empty: the ports.',
  ),
  promiscuous: key(
    'promiscuous',
    truth,
    'false',
    'Packets for other hosts, too: for a mirror port of a switch.',
  ),
  tunnels: key(
    'tunnels',
    truth,
    'false',
    'Reads packets within packets (GRE, VXLAN, HEP …). Only where no stranger can send to what is ' +
      'captured: whoever can may have any address blocked.',
  ),
} as const;
