/** Our front, with the file that nginx is given. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxConf } from './nginx-conf.ts';
import type { Peer } from './peer.ts';
import { lacksFile, PROJECT } from './programs.ts';

const LAUNCHER = 'bin/tandem-proxy.js';

export const tandemProxy = tandemPeer('tandem', 'tandem', false);
export const tandemProxyWithCache = tandemPeer('tandem-cache', 'tandem, open_file_cache', true);

function tandemPeer(id: string, label: string, openFileCache: boolean): Peer {
  return {
    id,
    label,
    role: 'front',
    lacks: () => lacksFile(LAUNCHER),
    command(place) {
      const file = join(place.folder, 'nginx.conf');
      writeFileSync(file, nginxConf(place, { openFileCache, httpLines: [] }));
      const args = [join(PROJECT, LAUNCHER), '-p', place.folder, '-c', file];
      return { file: process.execPath, args };
    },
  };
}
