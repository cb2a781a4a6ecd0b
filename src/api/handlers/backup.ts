import { limits } from '../../core/limits.ts';
import { instantOfMs } from '../../core/units.ts';
import type { Call } from '../call.ts';
import { formatInstant } from '../json/time.ts';

/**
 * GET /v1/backup (docs/api/backup.md): the state as of now, in pieces as the client takes them. A body that ends without
 * its last chunk is no backup, and its file says so too.
 */
export function backup(call: Call): void {
  const { services } = call;
  const { running } = services;
  if (running.backups >= limits.backupsAtOnce) {
    call.refuse({ code: 'overloaded', message: 'Other backups are being made: try again when they are done.' });
    return;
  }
  const { name: node, version } = services.node;
  const createdAtMs = services.nowMs();
  const source = services.state.backup({ node, version, createdAtMs });
  running.backups += 1;
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    running.backups -= 1;
    cancelLimit();
    cancelStall();
    source.close();
  };
  const stream = call.stream({ status: 200, headers: headersOf(node, formatInstant(instantOfMs(createdAtMs))) });
  const give = (reason: string) => (): void => {
    over();
    stream.cut();
    services.warn('a backup was cut off', { reason });
  };
  const cancelLimit = services.after(limits.backupMs, give(`it took longer than ${limits.backupMs} ms`));
  let cancelStall = (): void => undefined;
  call.onAborted(over);
  const sendNext = (): void => {
    if (isOver) return;
    cancelStall();
    const piece = source.next();
    if (piece === null) {
      over();
      stream.end();
      return;
    }
    if (piece.length > 0) stream.write(piece);
    cancelStall = services.after(limits.backupStallMs, give(`its client took nothing for ${limits.backupStallMs} ms`));
    stream.whenReady(sendNext);
  };
  sendNext();
}

const headersOf = (node: string, at: string): readonly (readonly [string, string])[] => [
  ['Content-Type', 'application/octet-stream'],
  ['Content-Disposition', `attachment; filename="${node.replace(/[^\w.-]/g, '_')}-${at.replaceAll(':', '')}.backup"`],
];
