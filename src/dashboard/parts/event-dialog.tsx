import type { ComponentProps } from 'preact';
import type { EventView } from '../../api/views/event.js';
import { useAnswer, useSession } from '../session.js';
import { shortTime } from '../../core/common/time-words.js';
import { Box } from './box.js';
import { Attack, Empty, Failed, Pairs, Source } from './common.js';

const NEVER_MS = 3_600_000;

/** All that is kept of one event, but its bytes. */
export function EventDialog({
  id,
  onClose,
}: {
  readonly id: number;
  readonly onClose: () => void;
}) {
  const { data, failure } = useAnswer('event', `events/${id}`, NEVER_MS);
  const { open } = useSession();
  const event = data?.event ?? null;
  return (
    <Box title={`Event ${id}`} onClose={onClose} wide>
      <Failed failure={failure} />
      {event === null ? <Empty>…</Empty> : <Pairs pairs={pairsOf(event)} />}
      <div class="buttons">
        {event === null ? null : (
          <button
            type="button"
            onClick={() => {
              open({ kind: 'block', target: event.source_ip });
            }}
          >
            Block the source…
          </button>
        )}
        <button type="button" class="main" onClick={onClose}>
          Close
        </button>
      </div>
    </Box>
  );
}

const pairsOf = (event: EventView): ComponentProps<typeof Pairs>['pairs'] => [
  ['time', `${shortTime(event.timestamp)} UTC`],
  ['source', <Source address={event.source_ip} />],
  ['from port', event.source_port],
  ['to', `${event.destination_ip} port ${event.destination_port}`],
  ['via', event.transport_type],
  ['proof', event.proof],
  ['method', event.method],
  ['request URI', event.request_uri],
  ['status', event.status_code],
  ['called number', event.called_number],
  ['From user', event.from_user],
  ['To user', event.to_user],
  ['user of credentials', event.auth_user],
  ['user agent', event.sip_user_agent],
  ['Call-ID', event.call_id],
  ['attack type', event.attack_type === null ? null : <Attack type={event.attack_type} />],
  ['score', String(Math.round(event.score))],
  ['answer', event.answered_status],
  ['anomalies', event.anomalies.join(', ')],
  ['TLS', [event.tls_version, event.tls_cipher, event.tls_sni].filter(Boolean).join(', ')],
  ['bytes', event.raw_length],
];
