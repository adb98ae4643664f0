/** nginx, without and with its cache of open files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxConf } from './nginx-conf.ts';
import type { Peer } from './peer.ts';
import { lacksProgram, NGINX } from './programs.ts';

export const nginx = nginxPeer('nginx', 'nginx', false);
export const nginxWithCache = nginxPeer('nginx-cache', 'nginx, open_file_cache', true);

function nginxPeer(id: string, label: string, openFileCache: boolean): Peer {
  return {
    id,
    label,
    role: 'front',
    lacks: () => lacksProgram('nginx'),
    command(place) {
      const httpLines = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (kind) => `${kind}_temp_path ${place.folder}/${kind}_temp;`,
      );
      const file = join(place.folder, 'nginx.conf');
      writeFileSync(file, nginxConf(place, { openFileCache, httpLines }));
      return { file: NGINX, args: ['-p', place.folder, '-c', file] };
    },
  };
}
