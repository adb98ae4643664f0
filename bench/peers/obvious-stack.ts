/** What most people would put together: http-proxy, serve-static and dotenv in one Node process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Peer, portOf } from './peer.ts';
import { lacksPackage } from './programs.ts';

export const obviousStack: Peer = {
  id: 'obvious',
  label: 'http-proxy + serve-static',
  role: 'front',
  lacks: () => lacksPackage('http-proxy', 'serve-static', 'dotenv'),
  command(place) {
    const settings = `PORT=${portOf(place)}\nROOT=${place.site.root}\nBACKEND=${place.site.backend}\n`;
    writeFileSync(join(place.folder, '.env'), settings);
    const args = [join(import.meta.dirname, 'apps/obvious-server.ts')];
    return { file: process.execPath, args, cwd: place.folder };
  },
};
