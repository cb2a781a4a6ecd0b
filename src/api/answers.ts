import { type ApiErrorCode, errorHeader, retryAfterOf, sentenceOf, statusOf } from './errors.ts';
import type { AnswerHead, Header, HttpAnswer } from './http.ts';
import { indentJson, jsonString } from './json/writer.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
export const ERROR_HEADER = 'Carillon-Error';

/** How much of a body Go's net/http looks at to guess its type. */
const SNIFFED_BYTES = 512;

export function jsonAnswer(
  status: number,
  compact: string | Uint8Array,
  isPretty: boolean,
  headers: readonly Header[] = [],
): HttpAnswer {
  return {
    status,
    headers: [['Content-Type', JSON_TYPE], ...headers],
    body: isPretty ? indentJson(typeof compact === 'string' ? compact : Buffer.from(compact).toString()) : compact,
  };
}

export const htmlAnswer = (status: number, html: string, headers: readonly Header[] = []): HttpAnswer => ({
  status,
  headers: [['Content-Type', HTML_TYPE], ...headers],
  body: html,
});

export const plainAnswer = (status: number, contentType: string, body: string): HttpAnswer => ({
  status,
  headers: [['Content-Type', contentType]],
  body,
});

/** Somebody else's bytes: a browser shows them as text, whatever they look like. */
export const outputHead: AnswerHead = {
  status: 200,
  headers: [
    ['Content-Type', TEXT_TYPE],
    ['X-Content-Type-Options', 'nosniff'],
  ],
};

export const bytesAnswer = (body: Uint8Array): HttpAnswer => ({ ...outputHead, body });

function errorHeaders(code: ApiErrorCode, message?: string): readonly Header[] {
  const seconds = retryAfterOf(code);
  const retry: readonly Header[] = seconds === null ? [] : [['Retry-After', String(seconds)]];
  return [[ERROR_HEADER, errorHeader(code, message)], ...retry];
}

/** Dkron's answer to most failures: a status and nothing else. The reason is in the header. */
export const emptyError = (code: ApiErrorCode, message?: string): HttpAnswer => ({
  status: statusOf(code),
  headers: errorHeaders(code, message),
  body: '',
});

/** Dkron's answer to a refused job: the sentence as the body. `header` where it differs from the body. */
export const textError = (code: ApiErrorCode, text: string): HttpAnswer => ({
  status: statusOf(code),
  headers: [['Content-Type', sniffedType(text)], ...errorHeaders(code, text)],
  body: text,
});

/** Errors of our own routes (design section 11). */
export function ownError(code: ApiErrorCode, message = sentenceOf(code)): HttpAnswer {
  return {
    status: statusOf(code),
    headers: [['Content-Type', JSON_TYPE], ...errorHeaders(code, message)],
    body: `{"code":${jsonString(code)},"message":${jsonString(message)}}`,
  };
}

/** gin's answer where there is no route. */
export const pageNotFound = (): HttpAnswer => ({
  status: 404,
  headers: [
    ['Content-Type', 'text/plain'],
    [ERROR_HEADER, errorHeader('route_not_found')],
  ],
  body: '404 page not found',
});

/** net/http's answer to a target that is no URL. */
export const badTarget = (): HttpAnswer => ({
  status: 400,
  headers: [
    ['Content-Type', TEXT_TYPE],
    [ERROR_HEADER, errorHeader('bad_target')],
  ],
  body: '400 Bad Request',
});

const redirectTexts = { 301: 'Moved Permanently', 303: 'See Other', 307: 'Temporary Redirect' } as const;

/** net/http's redirect: a body only for GET. */
export function redirect(status: keyof typeof redirectTexts, method: string, location: string): HttpAnswer {
  if (method !== 'GET') return { status, headers: [['Location', location]], body: '' };
  const link = `<a href="${escapeHtml(location)}">${redirectTexts[status]}</a>.\n\n`;
  return htmlAnswer(status, link, [['Location', location]]);
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => htmlEscapes[character] ?? '');

/** net/http guesses the type of these bodies: text, unless a control character says otherwise. */
function sniffedType(text: string): string {
  const head = Buffer.from(text).subarray(0, SNIFFED_BYTES);
  const isBinary = head.some(
    (byte) => byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f),
  );
  return isBinary ? 'application/octet-stream' : TEXT_TYPE;
}
