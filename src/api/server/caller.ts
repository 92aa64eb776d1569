import { allows, type TokenScope } from '../../core/model/token-scope.js';

/**
 * What a route asks for. `open`: nothing; `host`: to be on the host with the right to steer the
 * agent; else a token of that scope, where the door does not let the caller in by itself.
 */
export type Right = 'open' | TokenScope | 'host';

/** Who asks, as the door that he came through knows him. */
export type Caller =
  /** Through the Unix socket of the service and of root. */
  | { readonly kind: 'steering' }
  /** Through the Unix socket of the agent's group. */
  | { readonly kind: 'asking' }
  /** Over TCP from this host, without a token. */
  | { readonly kind: 'local' }
  /** Over TCP from elsewhere, without a token. */
  | { readonly kind: 'stranger' }
  | { readonly kind: 'token'; readonly name: string; readonly scope: TokenScope };

/** Whether a caller may do what asks for `right`. `localReads`: this host needs no token to read. */
export function may(caller: Caller, right: Right, localReads: boolean): boolean {
  if (right === 'open') return true;
  switch (caller.kind) {
    case 'steering':
      return true;
    case 'asking':
      return right === 'read';
    case 'local':
      return right === 'read' && localReads;
    case 'token':
      return right !== 'host' && allows(caller.scope, right);
    case 'stranger':
      return false;
  }
}

export function nameOf(caller: Caller): string {
  if (caller.kind === 'token') return `token ${caller.name}`;
  return caller.kind === 'steering' ? 'the control socket' : caller.kind;
}
