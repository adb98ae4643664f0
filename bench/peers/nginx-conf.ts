/** The nginx.conf of each scenario. nginx and ours are started with the same text. */
import { descriptorLimit } from '../measure/processes.ts';
import { type Place, portOf } from './peer.ts';

const SERVERS = 200;
const PREFIX_LOCATIONS = 200;
const REGEX_LOCATIONS = 50;
const ADDED_FIELDS = 20;

/** The virtual server that the requests of `many` ask for. */
export const MANY_HOST = 's150.example';

/** What may differ between two peers that read this language. */
export interface ConfChoices {
  readonly openFileCache: boolean;
  /** Lines of the http block that only one of them needs. */
  readonly httpLines: readonly string[];
}

/**
 * The whole file for one instance. The buffer for request content is larger than what is posted:
 * at its default nginx writes 16 KB to a temporary file, and the row would measure the disk.
 */
export function nginxConf(place: Place, choices: ConfChoices): string {
  const cache = 'open_file_cache max=1000 inactive=60s;\n  open_file_cache_valid 60s;';
  return `daemon off;
worker_processes 1;
pid ${place.folder}/server.pid;
error_log ${place.folder}/error.log warn;
events { worker_connections ${Math.min(16_384, descriptorLimit() - 100)}; }
http {
  types { text/html html; }
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
  ${choices.openFileCache ? cache : ''}
  ${choices.httpLines.join('\n  ')}
${httpBody(place)}
}
`;
}

function httpBody(place: Place): string {
  const port = portOf(place);
  const files = `location / { root ${place.site.root}; }`;
  const quiet = '  access_log off;';
  const app = `${quiet}\n${upstream(place)}`;
  switch (place.scenario) {
    case 'site':
      return `${app}\n${server(port, '', [files, proxied('/app/')])}`;
    case 'one-file':
      return `${quiet}\n${server(port, '', [files])}`;
    case 'one-proxied':
      return `${app}\n${server(port, '', [proxied('/')])}`;
    case 'loaded':
      return `${loadedLines(place)}\n${server(port, '', [files])}`;
    case 'many':
      return `${app}\n${manyServers(port, [files, proxied('/app/')])}`;
    default:
      throw new Error(`a front has no scenario "${place.scenario}"`);
  }
}

/** More idle connections than clients at once: with fewer, nginx closes and opens some each time. */
function upstream(place: Place): string {
  return `  upstream app {
    server unix:${place.site.backend};
    keepalive 64;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }`;
}

function server(port: number, name: string, locations: readonly string[]): string {
  const serverName = name === '' ? '' : ` server_name ${name};`;
  return `  server {\n    listen 127.0.0.1:${port};${serverName}\n    ${locations.join('\n    ')}\n  }`;
}

function proxied(prefix: string): string {
  const fields = [
    'proxy_set_header Connection "";',
    'proxy_set_header Host $host;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
  ];
  return `location ${prefix} { proxy_pass http://app; proxy_http_version 1.1; ${fields.join(' ')} }`;
}

function loadedLines(place: Place): string {
  const lines = [
    `access_log ${place.folder}/access.log;`,
    'gzip on;',
    'gzip_vary on;',
    'gzip_min_length 1400;',
    'gzip_types text/css text/plain application/javascript application/json image/svg+xml;',
  ];
  for (let i = 1; i <= ADDED_FIELDS; i++) {
    lines.push(`add_header X-Added-Field-${i} "value of field ${i}; mode=block";`);
  }
  return lines.map((line) => `  ${line}`).join('\n');
}

function manyServers(port: number, reached: readonly string[]): string {
  const locations: string[] = [];
  for (let i = 1; i <= PREFIX_LOCATIONS; i++) locations.push(`location /part${i}/ { return 404; }`);
  for (let i = 1; i <= REGEX_LOCATIONS; i++) {
    const pattern = i % 2 === 0 ? `^/user${i}/[0-9]+/edit$` : `\\.(ext${i}|alt${i})$`;
    locations.push(`location ~ ${pattern} { return 404; }`);
  }
  locations.push(...reached);
  const servers: string[] = [];
  for (let i = 1; i <= SERVERS; i++) servers.push(server(port, `s${i}.example`, locations));
  return servers.join('\n');
}
