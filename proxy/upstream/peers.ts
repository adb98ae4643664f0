/** The servers of a group and the choice among them: nginx's smooth weighted round robin. */
import type { SocketAddress } from '../../http1/socket.ts';

/** One address of a group. See nginx `ngx_http_upstream_rr_peer_t`. */
export class Peer {
  readonly address: SocketAddress;
  /** `127.0.0.1:8000` or `unix:/path`, as in `$upstream_addr`. */
  readonly name: string;
  readonly weight: number;
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  /** 0 is no limit. */
  readonly maxConns: number;
  readonly isDown: boolean;

  currentWeight = 0;
  effectiveWeight: number;
  fails = 0;
  /** Second of the last failure. */
  accessedAt = 0;
  /** Second in which the peer was last tried after failures. */
  checkedAt = 0;
  /** Connections in use now. */
  conns = 0;

  constructor(address: SocketAddress, name: string, line: PeerSettings) {
    this.address = address;
    this.name = name;
    this.weight = line.weight;
    this.effectiveWeight = line.weight;
    this.maxFails = line.maxFails;
    this.failTimeoutSeconds = line.failTimeoutSeconds;
    this.maxConns = line.maxConns;
    this.isDown = line.isDown;
  }
}

/** Parameters of a `server` line that a peer keeps. */
export interface PeerSettings {
  readonly weight: number;
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  readonly maxConns: number;
  readonly isDown: boolean;
}

/** What became of a peer's turn. `next` (403, 404) goes on without blaming the peer. */
export type PeerOutcome = 'good' | 'next' | 'failed';

/** The peers of one group in this thread: primary ones, then backups. */
export class PeerSet {
  readonly primary: readonly Peer[];
  readonly backup: readonly Peer[];
  /** Whether there is one peer only: its failures are not counted (nginx `peers->single`). */
  readonly isSingle: boolean;
  /** How many peers a request may try. */
  readonly tries: number;

  constructor(primary: readonly Peer[], backup: readonly Peer[]) {
    this.primary = primary;
    this.backup = backup;
    this.isSingle = primary.length === 1 && backup.length === 0;
    this.tries = countUp(primary) + countUp(backup);
  }

  /**
   * Chooses a peer that this request has not tried, `undefined` where none is left.
   * The caller counts the connection with `take`, and gives the peer back with `release`.
   *
   * @param tried peers this request has had, `undefined` at first
   */
  choose(tried: readonly Peer[] | undefined, nowSeconds: number): Peer | undefined {
    if (this.isSingle) {
      const peer = this.primary[0]!;
      return peer.isDown || isFull(peer) ? undefined : peer;
    }
    return chooseOf(this.primary, tried, nowSeconds) ?? chooseOf(this.backup, tried, nowSeconds);
  }

  /** Counts what became of the peer's turn. Returns whether the peer is now left alone for a while. */
  release(peer: Peer, outcome: PeerOutcome, nowSeconds: number): boolean {
    peer.conns--;
    if (this.isSingle) {
      peer.fails = 0;
      return false;
    }
    if (outcome !== 'failed') {
      // The check that began after the last failure went well.
      if (peer.accessedAt < peer.checkedAt) peer.fails = 0;
      return false;
    }
    peer.fails++;
    peer.accessedAt = nowSeconds;
    peer.checkedAt = nowSeconds;
    if (peer.maxFails === 0) return false;
    peer.effectiveWeight -= Math.trunc(peer.weight / peer.maxFails);
    if (peer.effectiveWeight < 0) peer.effectiveWeight = 0;
    return peer.fails >= peer.maxFails;
  }
}

function countUp(peers: readonly Peer[]): number {
  let count = 0;
  for (const peer of peers) if (!peer.isDown) count++;
  return count;
}

function isFull(peer: Peer): boolean {
  return peer.maxConns !== 0 && peer.conns >= peer.maxConns;
}

function isLeftAlone(peer: Peer, now: number): boolean {
  return (
    peer.maxFails !== 0 &&
    peer.fails >= peer.maxFails &&
    now - peer.checkedAt <= peer.failTimeoutSeconds
  );
}

/** nginx `ngx_http_upstream_get_peer`. */
function chooseOf(
  peers: readonly Peer[],
  tried: readonly Peer[] | undefined,
  now: number,
): Peer | undefined {
  let best: Peer | undefined;
  let total = 0;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i]!;
    if (peer.isDown || tried?.includes(peer) === true) continue;
    if (isLeftAlone(peer, now) || isFull(peer)) continue;
    peer.currentWeight += peer.effectiveWeight;
    total += peer.effectiveWeight;
    if (peer.effectiveWeight < peer.weight) peer.effectiveWeight++;
    if (best === undefined || peer.currentWeight > best.currentWeight) best = peer;
  }
  if (best === undefined) return undefined;
  best.currentWeight -= total;
  if (now - best.checkedAt > best.failTimeoutSeconds) best.checkedAt = now;
  return best;
}
