import { canonicalAddress } from '../../core/common/address.js';
import { endpointText, type Endpoint } from '../../core/model/transport.js';
import { key, secretKey } from './key.js';
import { domain, integer, listOf, network, type ValueReader } from './readers.js';
import { optionalText } from './alert-targets.js';

/** `127.0.0.1:9060`, `[::1]:9060`, or nothing: null. */
const socketPlace: ValueReader<Endpoint | null> = {
  allowed: 'an address and a port, such as 127.0.0.1:9060 or [::1]:9060; may be empty',
  read: (text) => {
    if (text === '') return { ok: true, value: null };
    const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text) ?? [];
    const address = canonicalAddress(host.replace(/^\[(.*)\]$/, '$1'));
    const number = Number(port);
    if (address === null || number < 1 || number > 65_535)
      return { ok: false, why: 'it is no such place' };
    return { ok: true, value: { address, port: number } };
  },
  write: (value) => (value === null ? '' : endpointText(value)),
};

/** `192.0.2.9:9060`, `[2001:db8::9]:9060`, `homer.example.org:9060`, or nothing: null. */
const serverPlace: ValueReader<{ readonly host: string; readonly port: number } | null> = {
  allowed: 'an address or a name and a port, such as homer.example.org:9060; may be empty',
  read: (text) => {
    if (text === '') return { ok: true, value: null };
    const place = socketPlace.read(text);
    if (place.ok && place.value !== null) {
      return { ok: true, value: { host: place.value.address, port: place.value.port } };
    }
    const [, host = '', port = ''] = /^([^:]+):(\d{1,5})$/.exec(text) ?? [];
    const number = integer(1, 65_535).read(port);
    // A name that looks like an address is a slip of the hand.
    const isName = domain.read(host).ok && /[a-z]/i.test(host);
    if (!isName || !number.ok) return { ok: false, why: 'it is no such place' };
    return { ok: true, value: { host: host.toLowerCase(), port: number.value } };
  },
  write: (value) => (value === null ? '' : endpointText({ address: value.host, port: value.port })),
};

/** The section [pbx]: the PBX that sensors watch (docs/PBX.md). */
export const PBX_KEYS = {
  addresses: key(
    'addresses',
    listOf(network, 0),
    '',
    "Where the PBX is: what it asks others is not heard. Empty: this host's own addresses.",
  ),
} as const;

/** The section [hep]: a PBX or proxy that mirrors its SIP to us, as to Homer (docs/PBX.md). */
export const HEP_KEYS = {
  listen: key(
    'listen',
    socketPlace,
    '',
    'Where HEP packets of a PBX are taken, over UDP and TCP. Empty: nowhere.',
  ),
  senders: key(
    'senders',
    listOf(network, 1),
    '127.0.0.0/8, ::1',
    'Who may send them: whoever may can have any address blocked.',
  ),
  key: secretKey(
    'key',
    optionalText,
    '',
    'Authentication key that each packet must come with. Empty: none is asked for.',
  ),
  sendTo: key(
    'send_to',
    serverPlace,
    '',
    'Homer or another HEP server that is told what the trap hears and says, over UDP. Empty: none.',
  ),
  sendKey: secretKey(
    'send_key',
    optionalText,
    '',
    'Authentication key that goes with it. Empty: none.',
  ),
  sendId: key(
    'send_id',
    integer(0, 4_294_967_295),
    '2001',
    'Number of this capture agent at that server.',
  ),
  sendName: key('send_name', optionalText, 'sentrypeer', 'Its name there. Empty: none.'),
} as const;
