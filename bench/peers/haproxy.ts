/** HAProxy: the proxied rows only, since it serves no files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Peer, portOf } from './peer.ts';
import { HAPROXY, lacksProgram } from './programs.ts';

export const haproxy: Peer = {
  id: 'haproxy',
  label: 'HAProxy',
  role: 'front',
  lacks: () => lacksProgram('haproxy'),
  command(place) {
    const file = join(place.folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option forwardfor
  http-reuse always
frontend site
  bind 127.0.0.1:${portOf(place)}
  default_backend app
backend app
  server app unix@${place.site.backend}
`,
    );
    return { file: HAPROXY, args: ['-db', '-f', file] };
  },
};
