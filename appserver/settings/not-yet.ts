/**
 * Gunicorn's settings that the pool does not have. They are known, so that each is refused by name:
 * none is silently ignored.
 */

/** A setting that is refused. `takesValue` tells how its option is read. */
export interface MissingSetting {
  readonly name: string;
  readonly cli: readonly string[];
  readonly takesValue: boolean;
  /** Why it will never come, where its subject does not exist in Node. */
  readonly reason?: string;
}

function option(name: string, ...cli: string[]): MissingSetting {
  return { name, cli, takesValue: true };
}

function flag(name: string, ...cli: string[]): MissingSetting {
  return { name, cli, takesValue: false };
}

function inFileOnly(name: string): MissingSetting {
  return { name, cli: [], takesValue: true };
}

function pythonOnly(missing: MissingSetting): MissingSetting {
  return { ...missing, reason: 'it belongs to Python' };
}

const HOOKS = [
  'on_starting',
  'on_reload',
  'when_ready',
  'pre_fork',
  'post_fork',
  'post_worker_init',
  'worker_int',
  'worker_abort',
  'pre_exec',
  'pre_request',
  'post_request',
  'child_exit',
  'worker_exit',
  'nworkers_changed',
  'on_exit',
  'ssl_context',
  'on_dirty_starting',
  'dirty_post_fork',
  'dirty_worker_init',
  'dirty_worker_exit',
];

export const MISSING_SETTINGS: readonly MissingSetting[] = [
  option('worker_class', '-k', '--worker-class'),
  pythonOnly(option('asgi_loop', '--asgi-loop')),
  option('asgi_lifespan', '--asgi-lifespan'),
  option('asgi_disconnect_grace_period', '--asgi-disconnect-grace-period'),
  option('http_parser', '--http-parser'),
  flag('preload_app', '--preload'),
  flag('sendfile', '--no-sendfile'),
  flag('reuse_port', '--reuse-port'),
  flag('daemon', '-D', '--daemon'),
  option('worker_tmp_dir', '--worker-tmp-dir'),
  option('user', '-u', '--user'),
  option('group', '-g', '--group'),
  flag('initgroups', '--initgroups'),
  inFileOnly('tmp_upload_dir'),
  pythonOnly(option('pythonpath', '--pythonpath')),
  pythonOnly(option('paste', '--paste', '--paster')),
  flag('proxy_protocol', '--proxy-protocol'),
  option('proxy_allow_ips', '--proxy-allow-from'),
  option('protocol', '--protocol'),
  option('uwsgi_allow_ips', '--uwsgi-allow-from'),
  pythonOnly(option('raw_paste_global_conf', '--paste-global')),
  flag('permit_obsolete_folding', '--permit-obsolete-folding'),
  flag('strip_header_spaces', '--strip-header-spaces'),
  flag('permit_unconventional_http_method', '--permit-unconventional-http-method'),
  flag('permit_unconventional_http_version', '--permit-unconventional-http-version'),
  flag('casefold_http_method', '--casefold-http-method'),
  option('forwarder_headers', '--forwarder-headers'),
  option('header_map', '--header-map'),
  option('root_path', '--root-path'),
  flag('disable_redirect_access_to_syslog', '--disable-redirect-access-to-syslog'),
  flag('capture_output', '--capture-output'),
  option('logger_class', '--logger-class'),
  pythonOnly(option('logconfig', '--log-config')),
  pythonOnly(inFileOnly('logconfig_dict')),
  pythonOnly(option('logconfig_json', '--log-config-json')),
  option('syslog_addr', '--log-syslog-to'),
  flag('syslog', '--log-syslog'),
  option('syslog_prefix', '--log-syslog-prefix'),
  option('syslog_facility', '--log-syslog-facility'),
  flag('enable_stdio_inheritance', '-R', '--enable-stdio-inheritance'),
  option('statsd_host', '--statsd-host'),
  option('dogstatsd_tags', '--dogstatsd-tags'),
  option('statsd_prefix', '--statsd-prefix'),
  flag('enable_backlog_metric', '--enable-backlog-metric'),
  inFileOnly('default_proc_name'),
  flag('reload', '--reload'),
  option('reload_engine', '--reload-engine'),
  option('reload_extra_files', '--reload-extra-file'),
  pythonOnly(flag('spew', '--spew')),
  option('keyfile', '--keyfile'),
  option('certfile', '--certfile'),
  option('ssl_version', '--ssl-version'),
  option('cert_reqs', '--cert-reqs'),
  option('ca_certs', '--ca-certs'),
  flag('suppress_ragged_eofs', '--suppress-ragged-eofs'),
  flag('do_handshake_on_connect', '--do-handshake-on-connect'),
  option('ciphers', '--ciphers'),
  option('http_protocols', '--http-protocols'),
  option('http2_cleartext', '--http2-cleartext'),
  option('http2_max_concurrent_streams', '--http2-max-concurrent-streams'),
  option('http2_initial_window_size', '--http2-initial-window-size'),
  option('http2_max_frame_size', '--http2-max-frame-size'),
  option('http2_max_header_list_size', '--http2-max-header-list-size'),
  option('control_socket', '--control-socket'),
  option('control_socket_mode', '--control-socket-mode'),
  flag('control_socket_disable', '--no-control-socket'),
  option('dirty_apps', '--dirty-app'),
  option('dirty_workers', '--dirty-workers'),
  option('dirty_timeout', '--dirty-timeout'),
  option('dirty_threads', '--dirty-threads'),
  option('dirty_graceful_timeout', '--dirty-graceful-timeout'),
  ...HOOKS.map(inFileOnly),
];

/** Why a missing setting is refused, for the operator. */
export function refusalOf(missing: MissingSetting): string {
  const option = missing.cli.find((name) => name.startsWith('--'));
  const shown = option === undefined ? '' : ` (${option})`;
  const why =
    missing.reason === undefined ? 'is not supported yet' : `means nothing here: ${missing.reason}`;
  return `setting "${missing.name}"${shown} ${why}`;
}
