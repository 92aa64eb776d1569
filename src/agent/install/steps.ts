/** The account that the service runs as; its group has the same name. */
export const SERVICE_USER = 'sentrypeer';
/** The comment of an account that an installation made; one without it is somebody else's. */
export const SERVICE_USER_COMMENT = 'made by sentrypeer-agent install';
export const SERVICE_UNIT = 'sentrypeer-agent.service';
/** Ends blocks while the agent is down; for backends without timeouts of their own. */
export const EXPIRY_UNIT = 'sentrypeer-agent-expiry.service';
export const EXPIRY_TIMER = 'sentrypeer-agent-expiry.timer';

export interface Ownership {
  readonly user: string;
  readonly group: string;
}

/**
 * One thing that an installation sees to. Steps are data: what is there already, and what would be
 * done, can be told without doing it. `owner` null: left as it is (another root than `/`).
 */
export type Step =
  | {
      /** A condition that must hold; `ok` was found out when the plan was made. */
      readonly kind: 'require';
      readonly what: string;
      readonly ok: boolean;
      readonly remedy: string;
    }
  | { readonly kind: 'user'; readonly name: string; readonly home: string }
  | {
      /** One that is made here, or was empty, gets the marker, so that a purge takes it away. */
      readonly kind: 'folder';
      readonly path: string;
      readonly mode: number;
      readonly owner: Ownership | null;
    }
  | {
      /** What the service wrote there becomes its own, where root has it. */
      readonly kind: 'contents';
      readonly path: string;
      readonly owner: Ownership;
    }
  | { readonly kind: 'program'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly content: string;
      readonly mode: number;
      readonly owner: Ownership | null;
      /** `renew`: an older one of ours is replaced; `keep`: the operator's, never replaced. */
      readonly existing: 'renew' | 'keep';
      readonly ours: Recognition;
    }
  | {
      readonly kind: 'command';
      readonly words: readonly [string, ...string[]];
      /** A command that exits 0 when there is nothing to do; null: none. */
      readonly unless: readonly [string, ...string[]] | null;
      /**
       * `always`: needed when `unless` does not say otherwise; `changed`: only after an earlier step
       * changed something; `either`: when one of the two holds.
       */
      readonly when: 'always' | 'changed' | 'either';
      /** Nothing to do when this file is absent; null: no such condition. */
      readonly onlyWith: string | null;
      /** What is lost when it fails and the rest goes on all the same; null: it must not fail. */
      readonly lossWhenFailed: string | null;
      /** What takes it back when a later step fails; left out: nothing. */
      readonly undo?: readonly [string, ...string[]];
    }
  | {
      /** Something that the caller does; resolves to false when there was nothing to do. */
      readonly kind: 'call';
      readonly what: string;
      readonly run: (changed: boolean) => Promise<boolean>;
    }
  | { readonly kind: 'remove'; readonly path: string; readonly ours: Recognition }
  | { readonly kind: 'remove-user'; readonly name: string };

/**
 * How a thing at one of our paths is known to be ours: a file that holds a text, a configuration
 * file that we can read, a folder with our program, a folder that an installation made, or one of a
 * user of ours with whatever is in it.
 */
export type Recognition =
  | { readonly by: 'text'; readonly text: string }
  | { readonly by: 'configuration' }
  | { readonly by: 'program' }
  | { readonly by: 'marker' }
  | { readonly by: 'owner' };

/** One line for a person: what the step sees to. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'require':
      return `need ${step.what}`;
    case 'user':
      return `system user and group ${step.name}`;
    case 'folder':
      return `folder ${step.path} (${describeRights(step.mode, step.owner)})`;
    case 'contents':
      return `files of the service in ${step.path} (${step.owner.user}:${step.owner.group})`;
    case 'program':
      return `program ${step.to} (from ${step.from})`;
    case 'file':
      return `file ${step.path} (${describeRights(step.mode, step.owner)})`;
    case 'command':
      return `command ${step.words.join(' ')}`;
    case 'call':
      return step.what;
    case 'remove':
      return `remove ${step.path}`;
    case 'remove-user':
      return `remove system user and group ${step.name}`;
  }
}

function describeRights(mode: number, owner: Ownership | null): string {
  const bits = mode.toString(8).padStart(3, '0');
  return owner === null ? `mode ${bits}` : `${owner.user}:${owner.group} ${bits}`;
}
