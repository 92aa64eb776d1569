import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from '../../config/schema.js';
import { AgentError, messageOf } from '../../core/common/errors.js';

/** Makes the folders that the settings name, mode 700, where they are absent. */
export async function makeFolders(settings: Settings): Promise<void> {
  const { databaseFile, logFile, jsonLogFile, controlSocket } = settings;
  const files = { database_file: databaseFile, log_file: logFile };
  const more = { json_log_file: jsonLogFile, control_socket: controlSocket };
  for (const [key, file] of Object.entries({ ...files, ...more })) {
    const folder = dirname(file);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new AgentError(
        'STATE_UNWRITABLE',
        `folder ${folder} (${key}): ${messageOf(error)}`,
        `make the folder writable for this user, or set ${key} to another place`,
        error,
        folder,
      );
    }
  }
}
