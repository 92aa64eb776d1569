import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { ApiFailure } from '../data/client.js';
import { useSession, type Dialog } from '../session.js';
import { shortTarget } from '../words.js';
import { Box } from './box.js';
import { Failed } from './common.js';
import { SelectField, TextField } from './fields.js';
import { EventDialog } from './event-dialog.js';

export function OpenDialog(props: { readonly dialog: Dialog; readonly onClose: () => void }) {
  const { dialog, onClose } = props;
  switch (dialog.kind) {
    case 'token':
      return <TokenDialog why={dialog.why} scope={dialog.scope} onClose={onClose} />;
    case 'block':
      return <BlockDialog target={dialog.target} onClose={onClose} />;
    case 'unblock':
      return <UnblockDialog target={dialog.target} onClose={onClose} />;
    case 'protect':
      return <ProtectDialog name={dialog.name} onClose={onClose} />;
    case 'unprotect':
      return <UnprotectDialog name={dialog.name} onClose={onClose} />;
    case 'job':
      return <JobDialog name={dialog.name} onClose={onClose} />;
    case 'event':
      return <EventDialog id={dialog.id} onClose={onClose} />;
  }
}

/**
 * A form that asks the agent for something. Where a token is needed and none is kept it can be given
 * right here; what the agent refuses is said in its own words.
 */
function Form(props: {
  readonly title: string;
  readonly action: string;
  readonly onClose: () => void;
  /** Does it, and says what was done. */
  readonly act: (token: string | null) => Promise<string>;
  readonly children?: ComponentChildren;
}) {
  const { title, action, onClose, children } = props;
  const { hasToken } = useSession();
  const [token, setToken] = useState('');
  const { submit, busy, failure, refused } = useAct(props.act, onClose);
  return (
    <Box title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(token.trim() === '' ? null : token.trim());
        }}
      >
        {children}
        {hasToken && !refused ? null : (
          <TokenField
            value={token}
            onChange={setToken}
            label={hasToken ? 'Another token' : 'Token'}
          />
        )}
        <div role="alert">
          <Failed failure={failure} />
        </div>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="main" disabled={busy}>
            {action}
          </button>
        </div>
      </form>
    </Box>
  );
}

/** Does it with a token that is kept from then on; what is refused stays to be read. */
function useAct(act: (token: string | null) => Promise<string>, onClose: () => void) {
  const { keepToken, tell, renew } = useSession();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [refused, setRefused] = useState(false);
  const submit = async (token: string | null): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const done = await act(token);
      if (token !== null) keepToken(token);
      tell(done);
      renew();
      onClose();
    } catch (error) {
      setFailure(error);
      setRefused(error instanceof ApiFailure && (error.status === 401 || error.status === 403));
      setBusy(false);
    }
  };
  return { submit, busy, failure, refused };
}

function TokenField(props: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
  readonly scope?: string;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="password"
        autocomplete="off"
        spellcheck={false}
        value={props.value}
        aria-describedby={`${id}-note`}
        onInput={(event) => {
          props.onChange(event.currentTarget.value);
        }}
      />
      <small id={`${id}-note`}>
        <code>sentrypeer-agent token create NAME --scope {props.scope ?? 'block'}</code> makes one.
        It is kept until this tab is closed.
      </small>
    </div>
  );
}

function TokenDialog(props: {
  readonly why: string;
  readonly scope: string;
  readonly onClose: () => void;
}) {
  const { why, scope, onClose } = props;
  const { keepToken, hasToken, tell, renew } = useSession();
  const [token, setToken] = useState('');
  return (
    <Box title="Token" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() === '') return;
          keepToken(token.trim());
          tell('The token is kept until this tab is closed.');
          renew();
          onClose();
        }}
      >
        <p>{why}</p>
        <TokenField
          value={token}
          onChange={setToken}
          scope={scope}
          label={hasToken ? 'Another token' : 'Token'}
        />
        <div class="buttons">
          {hasToken ? (
            <button
              type="button"
              onClick={() => {
                keepToken(null);
                tell('The token is forgotten.');
                renew();
                onClose();
              }}
            >
              Forget it
            </button>
          ) : null}
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="main">
            Use it
          </button>
        </div>
      </form>
    </Box>
  );
}

const DURATIONS = [
  ['', 'as configured'],
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['never', 'until removed'],
] as const;
const SCOPES = [
  ['all', 'everything'],
  ['sip', 'SIP ports'],
  ['beside', 'all but the trap'],
] as const;

function BlockDialog({
  target,
  onClose,
}: {
  readonly target: string;
  readonly onClose: () => void;
}) {
  const { client } = useSession();
  const [where, setWhere] = useState(target);
  const [duration, setDuration] = useState('');
  const [scope, setScope] = useState('all');
  const [reason, setReason] = useState('');
  return (
    <Form
      title="Block an address or a network"
      action="Block"
      onClose={onClose}
      act={async (token) => {
        const body = {
          target: where.trim(),
          scope,
          ...(duration === ''
            ? {}
            : { duration_s: duration === 'never' ? null : Number(duration) }),
          ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        };
        const { block } = await client.change('block', 'POST', 'blocks', body, token);
        const simulated = block.simulated ? ' (simulated: the agent observes)' : '';
        return `${shortTarget(block.target)} is blocked${simulated}.`;
      }}
    >
      <TextField label="Address or network" value={where} onChange={setWhere} />
      <SelectField label="For" options={DURATIONS} value={duration} onChange={setDuration} />
      <SelectField label="Closes" options={SCOPES} value={scope} onChange={setScope} />
      <TextField label="Why (optional)" value={reason} onChange={setReason} />
    </Form>
  );
}

function UnblockDialog(props: { readonly target: string; readonly onClose: () => void }) {
  const { target, onClose } = props;
  const { client } = useSession();
  return (
    <Form
      title={`Unblock ${shortTarget(target)}`}
      action="Unblock"
      onClose={onClose}
      act={async (token) => {
        const query = new URLSearchParams({ target });
        await client.change('removed_block', 'DELETE', `blocks?${query}`, undefined, token);
        return `${shortTarget(target)} is no longer blocked.`;
      }}
    >
      <p>
        Its block ends now. It is blocked again when the rules see enough; to prevent that, protect
        it.
      </p>
    </Form>
  );
}

function ProtectDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const { client } = useSession();
  const [who, setWho] = useState(name);
  const [note, setNote] = useState('');
  return (
    <Form
      title="Never block a peer"
      action="Protect"
      onClose={onClose}
      act={async (token) => {
        const body = { name: who.trim(), note: note.trim() };
        const done = await client.change('protected', 'POST', 'protect', body, token);
        const lifted = done.lifted_blocks === 0 ? '' : ` Blocks lifted: ${done.lifted_blocks}.`;
        return `${done.name} is protected.${lifted}`;
      }}
    >
      <p>
        Protect what is yours or your carrier’s. What blocks it now is lifted. Takes the scope
        admin.
      </p>
      <TextField label="Address, network or host name" value={who} onChange={setWho} />
      <TextField label="Why (optional)" value={note} onChange={setNote} />
    </Form>
  );
}

function UnprotectDialog(props: { readonly name: string; readonly onClose: () => void }) {
  const { name, onClose } = props;
  const { client } = useSession();
  return (
    <Form
      title={`End the protection of ${name}`}
      action="Unprotect"
      onClose={onClose}
      act={async (token) => {
        const query = new URLSearchParams({ name });
        await client.change('unprotected', 'DELETE', `protect?${query}`, undefined, token);
        return `${name} is no longer protected.`;
      }}
    >
      <p>From then on the rules may block it. Takes the scope admin.</p>
    </Form>
  );
}

function JobDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const { client } = useSession();
  return (
    <Form
      title={`Run ${name} now`}
      action="Run"
      onClose={onClose}
      act={async (token) => {
        const path = `jobs/${encodeURIComponent(name)}/run`;
        const { job } = await client.change('job', 'POST', path, undefined, token);
        return `${name}: ${job.last_result ?? 'under way'}. ${job.last_detail ?? ''}`;
      }}
    >
      <p>It is over when this closes. Takes the scope admin.</p>
    </Form>
  );
}
