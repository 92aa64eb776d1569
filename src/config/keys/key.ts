import { path, type ValueReader } from './readers.js';

/** One configuration key. `standard` is the default, in the words of the file. */
export interface Key<T> {
  readonly key: string;
  readonly reader: ValueReader<T>;
  readonly standard: string;
  readonly doc: string;
  /** The file's name below the state folder in a trial; null for what is no path. */
  readonly trialName: string | null;
  /** False: accepted, and without effect yet. */
  readonly served: boolean;
  /** True: never told over the network, nor in a log. */
  readonly secret: boolean;
}

export const DAY_S = 86_400;
export const MIB = 1_048_576;
export const TEN_YEARS_S = 3_650 * DAY_S;

export function key<T>(
  name: string,
  reader: ValueReader<T>,
  standard: string,
  doc: string,
): Key<T> {
  return { key: name, reader, standard, doc, trialName: null, served: true, secret: false };
}

/** A key whose value is for those alone who may read the configuration file. */
export const secretKey = <T>(...words: Parameters<typeof key<T>>): Key<T> => ({
  ...key(...words),
  secret: true,
});

export function place(name: string, standard: string, trialName: string, doc: string): Key<string> {
  return { key: name, reader: path, standard, doc, trialName, served: true, secret: false };
}
