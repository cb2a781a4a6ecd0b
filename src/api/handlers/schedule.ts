import { limits } from '../../core/limits.ts';
import { type Instant, instantOfMs, jobName, type WallMs, wallMs } from '../../core/units.ts';
import type { Call } from '../call.ts';
import { nameError } from '../job-rules.ts';
import { formatInstant } from '../json/time.ts';
import { jsonStrings } from '../json/writer.ts';
import { instantIn, wholeNumber } from '../query.ts';

const DEFAULT_COUNT = 5;

interface Asked {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly count: number;
  readonly from: Instant;
}

/** GET /v1/schedule/preview: the next due times of a schedule that need not belong to a job. */
export function previewSchedule(call: Call): void {
  const asked = readQuery(call);
  if (typeof asked === 'string') {
    call.refuse({ code: 'query_invalid', message: asked });
    return;
  }
  const preview = call.services.rules.preview(asked, anchorOf(call, asked), asked.from, asked.count);
  if (!preview.ok) {
    call.refuse({ code: 'schedule_invalid', message: preview.error });
    return;
  }
  const times = preview.dueTimes.map(({ instant, offsetSeconds }) => formatInstant(instant, offsetSeconds));
  call.json(200, `{"next":${jsonStrings(times)}}`);
}

/** A text says what is wrong. What is empty counts as not given. */
function readQuery({ query, services }: Call): Asked | string {
  const name = query.get('name') ?? '';
  const badName = name === '' ? null : nameError(name);
  if (badName !== null) return badName;
  const timezone = query.get('tz') ?? '';
  const badZone = services.rules.timezoneError(timezone);
  if (badZone !== null) return `tz: ${badZone}`;
  const count = wholeNumber(query, 'n', DEFAULT_COUNT, [1, limits.previewedDueTimes]);
  if (typeof count === 'string') return count;
  const from = instantIn(query, 'from', instantOfMs(services.nowMs()));
  if (typeof from === 'string') return from;
  return { name, schedule: query.get('spec') ?? '', timezone, count, from };
}

/** A job with this schedule already counts from somewhere; a new one would count from `from`. */
function anchorOf({ services }: Call, { name, schedule, from }: Asked): WallMs {
  const stored = name === '' ? undefined : services.state.job(jobName(name));
  return stored?.schedule === schedule ? stored.anchorMs : wallMs(from[0] * 1000);
}
