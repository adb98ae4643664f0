/** Our pool, one worker. */
import { join } from 'node:path';
import { type Peer, socketOf } from './peer.ts';
import { lacksFile, PROJECT } from './programs.ts';

const LAUNCHER = 'bin/tandem-appserver.js';

export const tandemAppserver: Peer = {
  id: 'tandem',
  label: 'tandem',
  role: 'pool',
  lacks: () => lacksFile(LAUNCHER),
  command(place) {
    // Started in a folder of its own: the project's appserver.config.ts turns the access log on.
    const app = place.scenario === 'fetch' ? 'fetch-app.ts:app' : 'node-app.ts:app';
    const bind = ['--bind', `unix:${socketOf(place)}`, '--workers', '1'];
    return {
      file: process.execPath,
      args: [join(PROJECT, LAUNCHER), join(PROJECT, 'bench/peers/apps', app), ...bind],
      cwd: place.folder,
    };
  },
};
