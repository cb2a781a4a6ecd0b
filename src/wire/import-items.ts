import { assertNever } from '../core/assert.ts';
import type { ImportItem } from '../core/jobs/commands.ts';
import { stamp, wallMs } from '../core/units.ts';
import type { FieldReader } from './fields.ts';
import { plainSubmittedJob, readSubmittedJob } from './job-codec.ts';
import { DecodeError, type Plain } from './msgpack.ts';
import { decodeExecution, decodeNote, encodeExecution, encodeNote } from './state-records.ts';

/** Append-only; a retired code stays reserved. */
const codes = { job: 1, execution: 2, note: 3 } as const satisfies Record<ImportItem['type'], number>;

/** An item of the `import` command: its code, then a tuple. Records of the state are bytes in their own version. */
export function plainImportItem(item: ImportItem): Plain {
  switch (item.type) {
    case 'job':
      return [
        codes.job,
        plainSubmittedJob(item.job),
        item.effectiveFromMs,
        item.anchorMs,
        item.highWaterMs,
        item.quarantine,
      ];
    case 'execution':
      return [codes.execution, encodeExecution(item.record), item.output];
    case 'note':
      return [codes.note, item.stamp, encodeNote(item.note)];
    default:
      return assertNever(item);
  }
}

export function readImportItem(field: FieldReader): ImportItem {
  const reader = field.tuple('import');
  const code = reader.number();
  switch (code) {
    case codes.job:
      return {
        type: 'job',
        job: readSubmittedJob(reader.tuple('job')),
        effectiveFromMs: wallMs(reader.number()),
        anchorMs: wallMs(reader.number()),
        highWaterMs: wallMs(reader.number()),
        quarantine: reader.nullable((text) => text.string()),
      };
    case codes.execution:
      return { type: 'execution', record: decodeExecution(reader.bytes()), output: reader.bytes() };
    case codes.note:
      return { type: 'note', stamp: stamp(reader.bigint()), note: decodeNote(reader.bytes()) };
    default:
      throw new DecodeError(`import: item code ${code} is not known`);
  }
}
