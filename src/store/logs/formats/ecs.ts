import type { EventRecord } from '../../../core/model/event.js';
import type { LogOrigin } from '../event-lines.js';
import { bufferOf, type EventFacts } from '../../event-facts.js';
import { isoTime } from '../time-text.js';
import { asciiJson, present } from './ascii-json.js';

const ECS_VERSION = '8.11.0';

/** Elastic Common Schema, with the `sip.*` fields that Packetbeat has; ours are in `sentrypeer`. */
export function formatEcs(record: EventRecord, facts: EventFacts, origin: LogOrigin): string {
  const { source, local, tls = null, attackType } = record;
  const secure = record.transport === 'tls' || record.transport === 'wss';
  return asciiJson({
    '@timestamp': isoTime(record.receivedAtUs),
    ecs: { version: ECS_VERSION },
    event: {
      id: record.uuid,
      kind: attackType === null ? 'event' : 'alert',
      category: attackType === null ? ['network'] : ['network', 'intrusion_detection'],
      type: ['protocol'],
      action: present(facts.method),
      module: 'sentrypeer',
      dataset: 'sentrypeer.sip',
      reason: present(attackType),
    },
    source: { address: source.address, ip: source.address, port: source.port },
    destination: { address: local.address, ip: local.address, port: local.port },
    network: {
      type: source.address.includes(':') ? 'ipv6' : 'ipv4',
      transport: record.transport === 'udp' ? 'udp' : 'tcp',
      protocol: 'sip',
      direction: 'inbound',
      bytes: record.rawLength,
    },
    observer: {
      product: 'sentrypeer-agent',
      type: 'honeypot',
      version: present(origin.appVersion),
      serial_number: present(origin.instanceId),
    },
    user_agent: facts.userAgent === null ? undefined : { original: facts.userAgent },
    user: facts.authUser === null ? undefined : { name: facts.authUser },
    tls: tls === null ? undefined : ecsTls(tls, secure),
    sip: sipFields(facts),
    sentrypeer: {
      score: record.score,
      proof: record.proof,
      sensor: record.sensor,
      outcome: record.outcome,
      transport: record.transport,
      attack_type: present(attackType),
      called_number: present(facts.calledNumber),
      answered_status: present(record.answeredStatus),
      anomalies: facts.anomalies,
      message_base64: bufferOf(record.raw).toString('base64'),
    },
  });
}

/** `TLSv1.3` is `tls` and `1.3` there. */
function ecsTls(tls: NonNullable<EventRecord['tls']>, established: boolean) {
  return {
    version: present(tls.version.replace(/^[^\d]*/, '')),
    version_protocol: 'tls',
    cipher: present(tls.cipher),
    established,
    client: tls.sni === null ? undefined : { server_name: tls.sni },
  };
}

const sipFields = (facts: EventFacts) => ({
  type: facts.kind === 'other' ? undefined : facts.kind,
  method: present(facts.method),
  code: present(facts.statusCode),
  uri: facts.requestUri === null ? undefined : { original: facts.requestUri },
  call_id: present(facts.callId),
  from: facts.fromUser === null ? undefined : { uri: { username: facts.fromUser } },
  to: facts.toUser === null ? undefined : { uri: { username: facts.toUser } },
  user_agent: facts.userAgent === null ? undefined : { original: facts.userAgent },
});
