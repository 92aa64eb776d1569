import type { EventRecord } from '../../../core/model/event.js';
import type { LogOrigin } from '../event-lines.js';
import { bufferOf, type EventFacts } from '../../event-facts.js';
import { asciiJson, present } from './ascii-json.js';

const OCSF_VERSION = '1.3.0';
/** Network Activity (4001) of the category Network Activity (4), activity Traffic (6). */
const [CATEGORY_UID, CLASS_UID, ACTIVITY_ID] = [4, 4001, 6];
const INFORMATIONAL = 1;
const HIGH = 4;

/** Open Cybersecurity Schema Framework, class Network Activity; what it has no place for: `unmapped`. */
export function formatOcsf(record: EventRecord, facts: EventFacts, origin: LogOrigin): string {
  const { source, local, attackType } = record;
  const udp = record.transport === 'udp';
  return asciiJson({
    category_uid: CATEGORY_UID,
    class_uid: CLASS_UID,
    activity_id: ACTIVITY_ID,
    type_uid: CLASS_UID * 100 + ACTIVITY_ID,
    severity_id: attackType === null ? INFORMATIONAL : HIGH,
    time: Math.floor(record.receivedAtUs / 1_000),
    message: `${facts.method ?? facts.kind} from ${source.address}`,
    metadata: {
      version: OCSF_VERSION,
      uid: record.uuid,
      product: {
        name: 'sentrypeer-agent',
        vendor_name: 'sentrypeer-agent',
        version: present(origin.appVersion),
        uid: present(origin.instanceId),
      },
    },
    src_endpoint: { ip: source.address, port: source.port },
    dst_endpoint: { ip: local.address, port: local.port },
    connection_info: {
      direction_id: 1,
      protocol_name: udp ? 'udp' : 'tcp',
      protocol_num: udp ? 17 : 6,
      protocol_ver_id: source.address.includes(':') ? 6 : 4,
    },
    app_name: 'sip',
    traffic: { bytes_in: record.rawLength },
    unmapped: {
      sip_method: present(facts.method),
      sip_status: present(facts.statusCode),
      sip_request_uri: present(facts.requestUri),
      sip_call_id: present(facts.callId),
      sip_user_agent: present(facts.userAgent),
      user_name: present(facts.authUser ?? facts.fromUser),
      called_number: present(facts.calledNumber),
      transport: record.transport,
      attack_type: present(attackType),
      score: record.score,
      proof: record.proof,
      sensor: record.sensor,
      outcome: record.outcome,
      answered_status: present(record.answeredStatus),
      anomalies: facts.anomalies,
      message_base64: bufferOf(record.raw).toString('base64'),
    },
  });
}
