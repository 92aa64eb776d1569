/**
 * What the operator is told without asking. `attack_rate`: more attacks a minute than usual;
 * `block`: somebody was blocked; `toll_fraud`: a rule of toll fraud fired; `lured_call`: the trap
 * answered a call of somebody whom it let in; `breaker`: a spoofing storm began; `firewall`: it is
 * not as it must be; `job`: a job failed; `disk`: nothing can be stored, or soon; `silence`: nobody
 * reaches the trap; `test`: asked for by a person.
 */
export const NOTICE_KINDS = [
  'attack_rate',
  'block',
  'toll_fraud',
  'lured_call',
  'breaker',
  'firewall',
  'job',
  'disk',
  'silence',
  'test',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What may be chosen: a test is asked for. */
export const ALERT_KINDS = NOTICE_KINDS.filter((kind) => kind !== 'test');

export const IMPORTANCES = ['low', 'normal', 'high'] as const;
export type Importance = (typeof IMPORTANCES)[number];

/** Who looks at a telephone bill, or at an unprotected host, wants to be woken. */
export const IMPORTANCE_OF: Readonly<Record<NoticeKind, Importance>> = {
  attack_rate: 'normal',
  block: 'low',
  toll_fraud: 'high',
  lured_call: 'high',
  breaker: 'high',
  firewall: 'high',
  job: 'normal',
  disk: 'high',
  silence: 'normal',
  test: 'low',
};

/**
 * One message to people. Its text is printable and bounded; what came in a packet is quoted in it
 * (quoteText), and each target escapes it once more as it needs.
 */
export interface Notice {
  /** UUID: who gets it twice can tell. */
  readonly id: string;
  readonly kind: NoticeKind;
  readonly atUs: number;
  readonly importance: Importance;
  /** One line. */
  readonly title: string;
  /** What happened, one line each, oldest first; `count` may be more. */
  readonly lines: readonly string[];
  readonly count: number;
}

/** A notice and the target that it goes to. It is kept until it has arrived, or is given up. */
export interface OutboxEntry {
  readonly id: number;
  /** Name of the target: `mail`, `slack`, `json-2`. */
  readonly target: string;
  readonly notice: Notice;
  readonly attempts: number;
  readonly state: 'waiting' | 'sent' | 'failed';
  /** When it was sent or given up; null while it waits. */
  readonly endedAtUs: number | null;
  /** Why the last attempt failed; null: none did. */
  readonly error: string | null;
}
