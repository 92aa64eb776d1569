/** The forms in which the JSON log can be written; docs/LOGS.md tells their fields. */
export const JSON_FORMAT_NAMES = ['sentrypeer', 'tpot', 'ecs', 'ocsf', 'eve'] as const;
export type JsonFormatName = (typeof JSON_FORMAT_NAMES)[number];
