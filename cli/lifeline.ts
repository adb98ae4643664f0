/**
 * Loaded into a tier before its own program (`node --import`): ends the tier when the command that
 * started it is gone, however it went, and passes on that the tier serves. A killed command cannot
 * end its tiers itself; the system closes the channel that it held. The tiers know nothing of this:
 * they are sent SIGTERM, as by anybody.
 */
import { subscribe } from 'node:diagnostics_channel';

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel alone must not keep a tier that has ended.
process.channel?.unref();
// What a master says in prefork/announce.ts. Who is gone needs no news.
subscribe('tandem.serving', (news) => process.send?.(news as object, undefined, {}, () => {}));
