/** Reports for staff: CSV files that are prepared once and then sent by the proxy. */

import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { staffOnly } from '../framework/auth/login.ts';
import type { Database } from '../framework/database.ts';
import { isFileName, sendProtected } from '../framework/downloads.ts';
import { hasCode } from '../framework/errors.ts';
import { message } from '../framework/i18n.ts';
import { addMessage } from '../framework/messages.ts';
import { gettext, redirect, render } from '../framework/shortcuts.ts';
import { fileNameAt, resultsFile } from './export.ts';

/** A report that is there. */
interface Report {
  readonly name: string;
  readonly kilobytes: number;
  readonly made: string;
}

/** The reports there are, and the button that makes today's. */
export const reports = staffOnly<unknown>({
  async get(c) {
    const { folder } = c.var.site.protectedFiles;
    return render(c, 'polls/reports.html', { reports: await listReports(folder) });
  },
  async post(c) {
    const { database, protectedFiles } = c.var.site;
    const name = await writeReport(database, protectedFiles.folder, new Date());
    addMessage(c, 'success', gettext(c, message('The report {name} is ready.'), { name }));
    return redirect(c, 'polls:reports');
  },
});

/** One report as a download. */
export const download = staffOnly<{ readonly name: string }>({
  get: (c, { name }) => sendProtected(c, name),
});

/**
 * Writes the results of all questions to `polls-<day>.csv` in `folder`, in place of the one of before;
 * gives the file's name. A reader of the old file is not disturbed.
 */
export async function writeReport(database: Database, folder: string, now: Date): Promise<string> {
  const name = fileNameAt(now);
  const unfinished = join(folder, `.${name}.${process.pid}.${crypto.randomUUID()}`);
  // nginx's workers may be another user, so everybody who reaches the folder can read.
  await mkdir(folder, { recursive: true });
  try {
    const file = resultsFile(
      database,
      { questionIds: [], search: '' },
      { delimiter: ',', byteOrderMark: true },
    );
    await pipeline(file, createWriteStream(unfinished, { mode: 0o644 }));
    await rename(unfinished, join(folder, name));
  } finally {
    await rm(unfinished, { force: true });
  }
  return name;
}

/** The reports of `folder`, the latest name first; none where there is no folder yet. */
async function listReports(folder: string): Promise<Report[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const names = entries.filter((one) => one.isFile() && isFileName(one.name));
  const sorted = names.map(({ name }) => name).sort((a, b) => (a < b ? 1 : -1));
  return Promise.all(sorted.map((name) => describe(folder, name)));
}

async function describe(folder: string, name: string): Promise<Report> {
  const { size, mtime } = await stat(join(folder, name));
  return { name, kilobytes: Math.ceil(size / 1024), made: mtime.toISOString() };
}
