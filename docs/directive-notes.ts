/**
 * What docs/directives.md adds to nginx's own text: where a directive that Tandem has takes less than
 * nginx's, or does something else. One sentence or two each, in Markdown.
 */

/** Notes by directive; where two modules have the name, `module name` comes first: `upstream server`. */
export const NOTES: Readonly<Record<string, string>> = {
  access_log: 'A path to syslog and the parameter `gzip` are refused.',
  chunked_transfer_encoding: 'Only `on` is taken.',
  daemon: 'Off unless the file says `on`: the program stays in the foreground.',
  error_log: 'Default: standard error. The targets `syslog:` and `memory:` are refused.',
  gzip_buffers: 'Read and checked; the compressor chooses its own buffers.',
  listen:
    'The parameters `ssl`, `http2`, `quic`, `proxy_protocol`, `so_keepalive`, `rcvbuf`, `sndbuf` and ' +
    '`fastopen` are refused, and so is a host name other than `localhost`.',
  msie_refresh: 'Only `off` is taken.',
  pid: 'Default: `nginx.pid` in the folder of `-p`.',
  proxy_cache: 'Only `off` is taken: there is no cache.',
  proxy_cache_bypass: '**no effect**: read and checked, but there is no cache.',
  proxy_http_version: '`2` is refused.',
  proxy_no_cache: '**no effect**: read and checked, but there is no cache.',
  proxy_pass: 'Addresses that start with `https://` are refused.',
  proxy_socket_keepalive: 'Only `off` is taken.',
  proxy_store: 'Only `off` is taken.',
  real_ip_header: '`proxy_protocol` is refused.',
  set_real_ip_from: 'Host names are refused.',
  'upstream server':
    'The parameters `resolve`, `service`, `route`, `drain`, `slow_start` and `sticky` are refused.',
  worker_connections: 'Counted per thread; clients beyond it wait in the backlog.',
  worker_processes: 'The number of threads of the one worker process.',
};
