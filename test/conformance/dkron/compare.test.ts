import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { divergencesOf, expectedAnswer } from './divergences.ts';
import { fixedInstants, normalise } from './normalise.ts';
import { type Answer, isRequest, loadRecordings, type RequestStep } from './recording.ts';

const recordings = loadRecordings();
const divergences = divergencesOf(recordings);
const steps = recordings.flatMap((recording) => recording.steps.filter(isRequest));

/** Places in a body that are tried, spread over its whole length. */
const placesPerBody = 150;

/** The same text with another character at one place. */
function changeAt(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
}

function* changedAnswers(step: RequestStep): Generator<{ what: string; answer: Answer }> {
  const answer = expectedAnswer(step, []);
  yield { what: 'status', answer: { ...answer, status: answer.status + 1 } };
  for (const header of ['type', 'total', 'location', 'allowOrigin', 'allow'] as const) {
    const value = answer[header];
    if (value === null) yield { what: `${header} added`, answer: { ...answer, [header]: 'x' } };
    else {
      yield { what: `${header} gone`, answer: { ...answer, [header]: null } };
      for (let at = 0; at < value.length; at++) {
        yield { what: `${header} at ${at}`, answer: { ...answer, [header]: changeAt(value, at) } };
      }
    }
  }
  const body = answer.response;
  const { masked } = normalise(body, fixedInstants(body));
  const stride = Math.max(1, Math.floor(body.length / placesPerBody));
  for (let at = 0; at < body.length; at += stride) {
    if (masked.some((span) => at >= span.start && at < span.end)) continue;
    yield { what: `body at ${at}`, answer: { ...answer, response: changeAt(body, at) } };
    yield { what: `body without ${at}`, answer: { ...answer, response: body.slice(0, at) + body.slice(at + 1) } };
  }
  yield { what: 'body longer', answer: { ...answer, response: `${body}x` } };
}

describe('the comparer', () => {
  it('has recordings to work on', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(18);
    expect(steps.length).toBeGreaterThan(300);
    expect(new Set(steps.map((step) => step.id)).size).toBe(steps.length);
  });

  it('finds every recorded answer equal to itself', () => {
    for (const step of steps) expect(compare(step, step), step.id).toEqual([]);
  });

  it.each(recordings)('sees one changed byte of each answer of $part', ({ steps: all }) => {
    const unseen: string[] = [];
    for (const step of all.filter(isRequest)) {
      for (const { what, answer } of changedAnswers(step)) {
        if (compare(step, answer).length === 0) unseen.push(`${step.id}: ${what}`);
      }
    }
    expect(unseen).toEqual([]);
  });

  it('tells every listed divergence from the recorded answer', () => {
    for (const divergence of divergences) {
      const step = steps.find((candidate) => candidate.id === divergence.id);
      if (step === undefined) throw new Error(`no recorded case ${divergence.id}`);
      expect(compare(step, expectedAnswer(step, divergences)), divergence.id).not.toEqual([]);
    }
    expect(new Set(divergences.map((divergence) => divergence.id)).size).toBe(divergences.length);
  });
});

describe('the normaliser', () => {
  const same = (left: string, right: string): boolean => {
    const fixed = fixedInstants(left);
    return normalise(left, fixed).text === normalise(right, fixed).text;
  };

  it.each([
    ['instants', '"started_at":"2026-11-21T07:06:15.748752194Z"', '"started_at":"2027-01-01T00:00:00.5Z"'],
    ['execution ids', '"id":"1795244775748752194-n0"', '"id":"1895244775748752194-n0"'],
    ['groups', '"group":1795244775746971265,', '"group":1895244775746971265,'],
    ['groups, indented', '"group": 1795244775746971265,', '"group": 1895244775746971265,'],
    ['member ids', '"id":"1de66b1e-5ac7-07e6-3630-439294d5d3a1"', '"id":"2de66b1e-5ac7-07e6-3630-439294d5d3a1"'],
    ['ports', '"Port":18946,"rpc_addr":"127.0.0.1:16868"', '"Port":1,"rpc_addr":"127.0.0.1:99"'],
    ['versions, quoted', '\\"version\\":\\"devel\\"', '\\"version\\":\\"0.1.0\\"'],
    ['protocol numbers', '"DelegateMax":5}', '"DelegateMax":12}'],
    ["Serf's counters", '"member_time":"1","x"', '"member_time":"77","x"'],
    ['log files', '"/tmp/d/1795244843641123576-n0.log"', '"/tmp/d/1795244843641123577-n0.log"'],
  ])('lets %s differ', (_what, left, right) => {
    expect(same(left, right)).toBe(true);
  });

  it.each([
    ['the zero time', '"finished_at":"0001-01-01T00:00:00Z"', '"finished_at":"2026-11-21T07:06:15Z"'],
    ['an instant from a request', '"next":"2060-03-04T05:06:07Z"', '"next":"2061-03-04T05:06:07Z"'],
    ['the epoch', '"next":"1970-01-01T00:00:00Z"', '"next":"2026-11-21T07:06:15Z"'],
    ['the zone of an instant', '"started_at":"2026-11-21T07:06:15Z"', '"started_at":"2026-11-21T07:06:15+01:00"'],
    ['a fraction in a planned run', '"next":"2026-11-21T07:06:15Z"', '"next":"2026-11-21T07:06:15.5Z"'],
    ["an execution's node", '"id":"1795244775748752194-n0"', '"id":"1795244775748752194-n1"'],
    ['a short id', '"id":"1795244775748752194-n0"', '"id":"179524477574875219-n0"'],
    ['a quoted group', '"group":1795244775746971265', '"group":"1795244775746971265"'],
    [
      'a shared group',
      '"group":1795244775746971265,"group":1795244775746971265}',
      '"group":1795244775746971265,"group":1795244775746971266}',
    ],
    ['the number of members', '"members":"1"', '"members":"2"'],
  ])('keeps %s', (_what, left, right) => {
    expect(same(left, right)).toBe(false);
  });
});
