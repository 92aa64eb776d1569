/**
 * For the programs of a firewall. A command typed as root works with the rights of the account that
 * its state belongs to (agent/step-down.ts); what changes the kernel is started as root. Empty where
 * nothing was given up.
 */
export const rootRights = (): { readonly uid?: number; readonly gid?: number } =>
  process.getuid?.() === 0 && process.geteuid?.() !== 0 ? { uid: 0, gid: 0 } : {};
