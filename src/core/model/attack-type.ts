/** The attacks that a rule can name. Order is from the least to the most harmful. */
export const ATTACK_TYPES = [
  'reconnaissance',
  'sip_scan',
  'extension_enumeration',
  'call_spam',
  'call_injection',
  'flood',
  'credential_attack',
  'toll_fraud',
] as const;

export type AttackType = (typeof ATTACK_TYPES)[number];
