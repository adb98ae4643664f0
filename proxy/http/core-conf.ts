/** Settings of nginx's http core module that other modules read. Sizes in bytes, times in milliseconds. */
import type { ErrorLogTarget } from '../log/error-log.ts';

/** One `error_page` code and where it leads. */
export interface ErrorPage {
  readonly status: number;
  /** -1 keeps the status, 0 takes the status of the page's own response (`=`), else the status to send. */
  readonly overwrite: number;
  /** `/path`, `@name` or a URL; may hold variables. */
  readonly target: string;
}

export interface OpenFileCache {
  readonly max: number;
  readonly inactiveMs: number;
}

/** `alias`: a path that stands for the beginning of the URI. */
export interface Alias {
  readonly path: string;
  /**
   * How much of the URI it stands for: the length of the name of the location that says so, whichever
   * location inherits it; or `WHOLE_URI` for that of a regular expression (nginx `clcf->alias`).
   */
  readonly length: number;
}

/** nginx NGX_MAX_SIZE_T_VALUE of `clcf->alias`. */
export const WHOLE_URI = -1;

export interface CoreConf {
  readonly root: string;
  /** Present where the location, or one around it, has `alias` instead of `root`. */
  readonly alias: Alias | undefined;
  /** Media type by file extension in lower case. */
  readonly types: ReadonlyMap<string, string>;
  readonly default_type: string;
  readonly client_max_body_size: number;
  readonly client_body_buffer_size: number;
  readonly client_body_temp_path: string;
  readonly client_body_in_file_only: 'off' | 'on' | 'clean';
  readonly client_header_timeout: number;
  readonly client_header_buffer_size: number;
  readonly large_client_header_buffers: { readonly number: number; readonly size: number };
  readonly client_body_timeout: number;
  readonly send_timeout: number;
  /** Idle time, and the value of the Keep-Alive response field in seconds (0 sends none). */
  readonly keepalive_timeout: { readonly timeoutMs: number; readonly headerSeconds: number };
  readonly keepalive_requests: number;
  readonly keepalive_time: number;
  /** Bits of browsers that get no kept connection; see keepalive.ts. */
  readonly keepalive_disable: number;
  readonly lingering_close: 'off' | 'on' | 'always';
  readonly lingering_time: number;
  readonly lingering_timeout: number;
  readonly reset_timedout_connection: boolean;
  readonly internal: boolean;
  readonly satisfy: 'all' | 'any';
  readonly error_page: readonly ErrorPage[];
  readonly recursive_error_pages: boolean;
  readonly server_tokens: 'on' | 'off' | 'build';
  readonly etag: boolean;
  readonly if_modified_since: 'off' | 'exact' | 'before';
  readonly max_ranges: number;
  readonly absolute_redirect: boolean;
  readonly server_name_in_redirect: boolean;
  readonly port_in_redirect: boolean;
  readonly msie_padding: boolean;
  readonly msie_refresh: boolean;
  readonly chunked_transfer_encoding: boolean;
  readonly log_not_found: boolean;
  readonly log_subrequest: boolean;
  readonly merge_slashes: boolean;
  readonly max_headers: number;
  readonly ignore_invalid_headers: boolean;
  readonly underscores_in_headers: boolean;
  /** Null where it is off. */
  readonly open_file_cache: OpenFileCache | null;
  readonly open_file_cache_valid: number;
  readonly open_file_cache_min_uses: number;
  readonly open_file_cache_errors: boolean;
  readonly error_log: readonly ErrorLogTarget[];
}
