import type { ThreatView } from '../../api/views/threats.js';

/** How a source that scored stands now. */
export function Standing({
  threat,
}: {
  readonly threat: Pick<ThreatView, 'block' | 'protected_by'>;
}) {
  if (threat.block !== null) return <span class="state-blocked">blocked</span>;
  if (threat.protected_by !== null) {
    return (
      <span class="state-protected" title={threat.protected_by}>
        protected
      </span>
    );
  }
  return <span class="quiet">watched</span>;
}
