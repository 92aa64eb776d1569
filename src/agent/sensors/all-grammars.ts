import { join } from 'node:path';
import type { Grammar } from '../../records/logs/grammar.js';
import { loadGrammars } from '../../sensors/logs/grammar-files.js';
import { PACKAGE_ROOT } from '../package.js';

/** The built-in grammars, then the operator's. */
export const loadAllGrammars = (folder: string): Promise<readonly Grammar[]> =>
  loadGrammars([join(PACKAGE_ROOT, 'grammars'), folder]);
