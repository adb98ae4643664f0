/**
 * Variables of parts that are not there. They have no value, as in nginx where a connection or a
 * location does not use the part; so a `log_format` that names them loads.
 */
import type { VariableRow } from './variables.ts';

const NAMES: readonly string[] = [
  'http2',
  'http3',
  'proxy_protocol_addr',
  'proxy_protocol_port',
  'proxy_protocol_server_addr',
  'proxy_protocol_server_port',
  'ssl_alpn_protocol',
  'ssl_cipher',
  'ssl_ciphers',
  'ssl_client_cert',
  'ssl_client_escaped_cert',
  'ssl_client_fingerprint',
  'ssl_client_i_dn',
  'ssl_client_i_dn_legacy',
  'ssl_client_raw_cert',
  'ssl_client_s_dn',
  'ssl_client_s_dn_legacy',
  'ssl_client_serial',
  'ssl_client_sigalg',
  'ssl_client_v_end',
  'ssl_client_v_remain',
  'ssl_client_v_start',
  'ssl_client_verify',
  'ssl_curve',
  'ssl_curves',
  'ssl_early_data',
  'ssl_ech_outer_server_name',
  'ssl_ech_status',
  'ssl_protocol',
  'ssl_server_name',
  'ssl_session_id',
  'ssl_session_reused',
  'ssl_sigalg',
  'ssl_sigalgs',
  'upstream_cache_status',
];

/** TLS, HTTP/2, HTTP/3, the PROXY protocol, the cache. */
export const emptyVariables: readonly VariableRow[] = [
  // nginx lets a configuration define those of TLS (NGX_HTTP_VAR_CHANGEABLE).
  ...NAMES.map((name) => ({
    name,
    get: () => undefined,
    isChangeable: name.startsWith('ssl_'),
  })),
  { name: 'proxy_protocol_tlv_', isPrefix: true, get: () => undefined },
];
