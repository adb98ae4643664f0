/** What the benchmark knows of a program that it measures. */
import type { Command } from '../launch.ts';
import type { Site } from '../site.ts';

/**
 * The configurations that a peer is started with.
 * - `site`: files at /, the backend at /app/.
 * - `loaded`: files with access log, gzip and 20 add_header lines.
 * - `one-file`, `one-proxied`: one server with one location.
 * - `many`: 200 servers, each with 200 prefix and 50 regex locations.
 * - `fetch`, `node`: an application of one page, as a fetch handler and as a (req, res) listener.
 */
export type ScenarioName =
  | 'site'
  | 'loaded'
  | 'one-file'
  | 'one-proxied'
  | 'many'
  | 'fetch'
  | 'node';

/** Where a server listens. */
export type Address =
  | { readonly port: number; readonly socketPath?: undefined }
  | { readonly socketPath: string; readonly port?: undefined };

/** Where one instance of a peer runs. */
export interface Place {
  /** A folder of its own. */
  readonly folder: string;
  readonly scenario: ScenarioName;
  readonly address: Address;
  readonly site: Site;
}

/** A program that is measured. */
export interface Peer {
  /** The word for `--fronts`. */
  readonly id: string;
  /** The name in tables. */
  readonly label: string;
  /** A front listens on TCP before files and a backend; a pool runs an application on a Unix socket. */
  readonly role: 'front' | 'pool';
  /** Why it cannot run on this machine, or undefined where it can. */
  lacks(): string | undefined;
  /** Writes what it needs into its folder and says how it is started; it stays in the foreground. */
  command(place: Place): Command;
}

/** The TCP port of a front; throws for a Unix socket. */
export function portOf(place: Place): number {
  if (place.address.port === undefined) throw new Error('a front listens on a TCP port');
  return place.address.port;
}

/** The Unix socket of a pool; throws for a TCP port. */
export function socketOf(place: Place): string {
  if (place.address.socketPath === undefined) throw new Error('a pool listens on a Unix socket');
  return place.address.socketPath;
}
