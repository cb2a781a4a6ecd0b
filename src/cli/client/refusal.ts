import { CliError, exitCodes } from '../types.ts';
import type { ApiAnswer } from './api-client.ts';

/** Errors that mean "there is no such thing"; Dkron's routes answer 404 to much else. */
const notFoundCodes: ReadonlySet<string> = new Set(['job_not_found', 'execution_not_found', 'route_not_found']);

/** What helps beyond the server's sentence. */
const hints: ReadonlyMap<string, string> = new Map([
  ['job_not_found', "'carillon jobs list' shows all jobs"],
  ['execution_not_found', "'carillon executions list' shows those that are kept"],
  ['route_not_found', 'check the name, and --api'],
  ['has_dependents', "'carillon jobs list' shows which"],
  ['job_disabled', "'carillon jobs toggle' enables it"],
]);

/** An answer that is a refusal, as the error that the user sees. */
export function refusalOf(answer: ApiAnswer, about: string): CliError {
  const code = codeOf(answer);
  const hint = hints.get(code);
  const isMissing = code === '' ? answer.status === 404 : notFoundCodes.has(code);
  const said = sentenceOf(answer).replace(/\.$/, '');
  return new CliError(
    `${about}: ${said}${hint === undefined ? '' : `; ${hint}`}`,
    isMissing ? exitCodes.notFound : exitCodes.refused,
  );
}

/** Code of Carillon's error registry; empty when another server answered. */
export const codeOf = ({ error }: ApiAnswer): string => /^[a-z_]+(?=;)/.exec(error)?.[0] ?? '';

/** The body has the sentence as it was meant; the header's is in ASCII and may be cut. */
export function sentenceOf({ status, text, error }: ApiAnswer): string {
  const fromHeader = error.replace(/^[a-z_]+; */, '');
  if (error !== '' && text !== '' && !text.startsWith('{')) return text.trim();
  if (fromHeader !== '') return fromHeader;
  const isSentence = text.length > 0 && text.length < 400 && !/^\s*[<{]/.test(text);
  return isSentence ? text.trim() : `the server answered with status ${status}`;
}
