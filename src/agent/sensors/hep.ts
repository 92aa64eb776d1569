import { parseCidr } from '../../core/common/address.js';
import { endpointText } from '../../core/model/transport.js';
import { openHepIn } from '../../sensors/hep/hep-in.js';
import type { SensorKind } from './sensor-kind.js';

/** A PBX or proxy that mirrors its SIP as to Homer. */
export const HEP_SENSOR: SensorKind = {
  name: 'hep',
  wanted: ({ hep }) =>
    hep.listen === null ? null : JSON.stringify([hep.listen, hep.key, hep.senders]),
  open: async ({ hep: { listen, key, senders } }, { mirrored, nowUs }) => {
    if (listen === null) throw new Error('no place to listen');
    const { listening, counts, close } = await openHepIn({
      listen,
      key: key === '' ? null : key,
      senders: senders.flatMap((text) => parseCidr(text) ?? []),
      nowUs,
      take: (packet) => {
        mirrored(packet, 'hep');
      },
    });
    const where = endpointText(listening);
    const status = () => {
      const { taken, ...left } = counts;
      const { foreign: foreign_senders, wrongKey: wrong_key, damaged, notSip: not_sip } = left;
      return { where, taken, left: { foreign_senders, wrong_key, damaged, not_sip } };
    };
    return { status, close };
  },
};
