/** A named oddity found while parsing: data, not an error. Names are kebab-case, listed here only. */
export const ANOMALIES = ['empty', 'not-sip'] as const;

export type Anomaly = (typeof ANOMALIES)[number];
