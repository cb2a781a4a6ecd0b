import { type ApiErrorCode, sentenceOf, statusOf } from '../errors.ts';
import { count, reference, text } from './schemas.ts';
import type { ApiResponse, Content, ResponseHeader, Schema } from './types.ts';

export type Responses = Readonly<Record<string, ApiResponse>>;

export const jsonOf = (schema: Schema): Content => ({ 'application/json': { schema } });
export const textContent: Content = { 'text/plain': { schema: text } };
export const htmlContent: Content = { 'text/html': { schema: text } };

export const location: Readonly<Record<string, ResponseHeader>> = {
  Location: { description: 'A path to what the request was about.', schema: text },
};

export const total: Readonly<Record<string, ResponseHeader>> = {
  'X-Total-Count': { description: 'Length of the list, before it was cut to a page.', schema: count },
};

const errorHeaders: Readonly<Record<string, ResponseHeader>> = {
  'Carillon-Error': { description: '<code>; <sentence>', schema: text },
};

export const answered = (
  status: number,
  description: string,
  content: Content,
  headers?: ApiResponse['headers'],
): Responses => ({ [status]: { description, content, ...(headers === undefined ? {} : { headers }) } });

/** How the body of a failure looks. */
const failureBodies = {
  /** Dkron's: nothing. The reason is in the header. */
  empty: undefined,
  /** Dkron's to a refused job: a sentence, whose type is guessed as net/http does. */
  sentence: { 'text/plain': { schema: text }, 'application/octet-stream': {} },
  own: jsonOf(reference('Error')),
} as const satisfies Record<string, Content | undefined>;

/** The responses for some codes: one for each status. */
export function failures(body: keyof typeof failureBodies, codes: readonly ApiErrorCode[]): Responses {
  const responses: Record<string, ApiResponse> = {};
  for (const code of codes) {
    const status = statusOf(code);
    const before = responses[status];
    const content: Content | undefined = failureBodies[body];
    responses[status] = {
      description: `${before === undefined ? '' : `${before.description} `}${sentenceOf(code)}`,
      headers: errorHeaders,
      ...(content === undefined ? {} : { content }),
      'x-error-codes': [...(before?.['x-error-codes'] ?? []), code],
    };
  }
  return responses;
}

/** One failure with a body of its own. */
export const failure = (code: ApiErrorCode, content: Content): Responses => ({
  [statusOf(code)]: { description: sentenceOf(code), headers: errorHeaders, content, 'x-error-codes': [code] },
});

/** What any change that goes through the log may end as. */
export const writeCodes: readonly ApiErrorCode[] = ['no_leader', 'overloaded', 'storage_full', 'outcome_unknown'];

/** What a question to another part of the node may end as. */
export const askCodes: readonly ApiErrorCode[] = ['overloaded', 'outcome_unknown'];
