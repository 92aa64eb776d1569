import type { EventRecord } from '../../../core/model/event.js';
import type { LogOrigin } from '../event-lines.js';
import { bufferOf, type EventFacts } from '../../event-facts.js';
import { isoTime } from '../time-text.js';
import { asciiJson, present } from './ascii-json.js';

/** Suricata's EVE: `sip`, or `alert` where a rule named an attack; ours are in `sentrypeer`. */
export function formatEve(record: EventRecord, facts: EventFacts, origin: LogOrigin): string {
  const { source, local, attackType, tls = null } = record;
  return asciiJson({
    timestamp: isoTime(record.receivedAtUs).replace(/Z$/, '+0000'),
    flow_id: record.id,
    event_type: attackType === null ? 'sip' : 'alert',
    src_ip: source.address,
    src_port: source.port,
    dest_ip: local.address,
    dest_port: local.port,
    proto: record.transport === 'udp' ? 'UDP' : 'TCP',
    app_proto: 'sip',
    direction: 'to_server',
    alert:
      attackType === null
        ? undefined
        : {
            action: 'allowed',
            gid: 1,
            signature_id: 0,
            rev: 0,
            signature: `sentrypeer-agent ${attackType}`,
            category: attackType,
            severity: 1,
          },
    sip: {
      method: present(facts.method),
      uri: present(facts.requestUri),
      code: facts.statusCode === null ? undefined : String(facts.statusCode),
    },
    tls:
      tls === null ? undefined : { version: tls.version.replace('v', ' '), sni: present(tls.sni) },
    payload: bufferOf(record.raw).toString('base64'),
    sentrypeer: {
      app_version: present(origin.appVersion),
      instance_id: present(origin.instanceId),
      event_uuid: record.uuid,
      transport: record.transport,
      user_agent: present(facts.userAgent),
      call_id: present(facts.callId),
      user_name: present(facts.authUser ?? facts.fromUser),
      called_number: present(facts.calledNumber),
      score: record.score,
      proof: record.proof,
      sensor: record.sensor,
      outcome: record.outcome,
      answered_status: present(record.answeredStatus),
      anomalies: facts.anomalies,
      raw_length: record.rawLength,
    },
  });
}
