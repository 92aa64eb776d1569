import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A script of the project by its path. Scripts are plain JavaScript, so the caller says the types. */
export async function load<T>(path: string): Promise<T> {
  const url = pathToFileURL(join(import.meta.dirname, '..', '..', path));
  // An import of a computed name has no type of its own.
  return (await import(url.href)) as T;
}
