import { type JsonObject, numberOf, textOf } from '../client/json.ts';
import type { Paint, StyleName } from './style.ts';
import { visible } from './table.ts';
import { shownDuration } from './times.ts';

/** Keys that stand at fixed places. */
const placed: ReadonlySet<string> = new Set(['id', 'topic', 'type', 'at']);
const widths = { at: 24, what: 18 } as const;

/** One event as a line for people: when, what, of which job, and what matters of it. */
export function eventText(event: JsonObject, paint: Paint): string {
  const what = `${textOf(event, 'topic')} ${textOf(event, 'type')}`;
  const style = styleOf(event);
  const shown = visible(what).padEnd(widths.what);
  const words = [
    visible(milliseconds(textOf(event, 'at'))).padEnd(widths.at),
    style === null ? shown : paint(style, shown),
    ...subjectOf(event).map((text) => paint('bold', visible(text))),
    ...detailsOf(event).map(visible),
  ];
  return `${words.join('  ').trimEnd()}\n`;
}

/** As many digits for each time, so that columns stay columns. */
const milliseconds = (time: string): string =>
  time.replace(
    /(?:\.(\d+))?(?=Z$)/,
    (_, digits: string | undefined) => `.${(digits ?? '').slice(0, 3).padEnd(3, '0')}`,
  );

function styleOf(event: JsonObject): StyleName | null {
  switch (textOf(event, 'outcome') || textOf(event, 'status') || textOf(event, 'type')) {
    case 'success':
      return 'green';
    case 'failed':
    case 'partially_failed':
    case 'lost':
      return 'red';
    case 'skipped':
    case 'missed':
    case 'waits':
      return 'yellow';
    case 'started':
      return 'cyan';
    default:
      return null;
  }
}

const subjectOf = (event: JsonObject): readonly string[] =>
  [textOf(event, 'job') || textOf(event, 'member')].filter((text) => text !== '');

function detailsOf(event: JsonObject): readonly string[] {
  const text = (key: string): string => textOf(event, key);
  switch (`${text('topic')} ${text('type')}`) {
    case 'launch began':
      return [text('cause'), `due ${text('due')}`];
    case 'launch waits':
      return [`attempt ${numberOf(event, 'attempt')}`, text('reason'), `due ${text('due')}`];
    case 'launch ended':
      return [text('status') || 'nothing ran'];
    case 'launch skipped':
    case 'launch missed':
      return [...rangeOf(event), text('reason')];
    case 'execution started':
      return [text('execution'), ...attemptOf(event)];
    case 'execution ended': {
      const duration = shownDuration(text('started_at'), text('finished_at'));
      return [text('execution'), text('outcome'), ...(duration === '' ? [] : [duration]), ...attemptOf(event)];
    }
    case 'execution stopping':
      return [text('execution'), text('reason')];
    case 'execution dropped':
      return [text('execution')];
    case 'output chunk':
      return [text('execution'), JSON.stringify(text('text'))];
    case 'leader changed':
      return [text('leader') || 'nobody leads'];
    case 'job disabled':
      return [text('reason')].filter((reason) => reason !== '');
    case 'job created':
    case 'job updated':
    case 'job deleted':
    case 'job enabled':
      return [];
    default:
      return othersOf(event);
  }
}

/** Types that come with later versions: all that they say. */
const othersOf = (event: JsonObject): readonly string[] =>
  Object.entries(event)
    .filter(([key]) => !placed.has(key) && key !== 'job' && key !== 'member')
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);

function attemptOf(event: JsonObject): readonly string[] {
  const attempt = numberOf(event, 'attempt');
  return attempt > 1 ? [`attempt ${attempt}`] : [];
}

function rangeOf(event: JsonObject): readonly string[] {
  const count = numberOf(event, 'count');
  const [from, to] = [textOf(event, 'from'), textOf(event, 'to')];
  return count > 1 ? [`${count} due times from ${from} to ${to}`] : [`due ${from}`];
}
