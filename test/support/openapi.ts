import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { HttpAnswer } from '../../src/api/http.ts';
import { openApiText } from '../../src/api/openapi/document.ts';
import type { ApiResponse, Operation, QueryParameter, Schema } from '../../src/api/openapi/types.ts';
import { header, textOf } from './api-harness.ts';

export interface DocumentedOperation extends Omit<Operation, 'query' | 'body'> {
  readonly parameters?: readonly (QueryParameter & { readonly in: 'query' | 'path' })[];
  readonly requestBody?: { readonly content: NonNullable<Operation['body']> };
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export const openApi: OpenApiDocument = JSON.parse(openApiText);

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  allowUnionTypes: true,
  formats: { 'date-time': instant, int64: { type: 'number', validate: Number.isInteger }, binary: true },
});
ajv.addVocabulary(['components']);

const compiled = new Map<Schema, ValidateFunction>();

/** What is wrong with a value; empty: nothing. Properties that the schema does not name are wrong too. */
export function errorsOf(schema: Schema, value: unknown): string[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(closed({ ...schema, components: openApi.components }) as object);
    compiled.set(schema, validate);
  }
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

/** Clients must bear new properties; this test must not. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isOpen = 'properties' in copy && 'type' in copy && !('additionalProperties' in copy);
  return isOpen ? { ...copy, additionalProperties: false } : copy;
}

/** Where an answer differs from what its operation promises. */
export function differences(operation: DocumentedOperation, answer: HttpAnswer): string[] {
  const response = operation.responses[answer.status];
  if (response === undefined) return [`status ${answer.status} is not documented`];
  const code = header(answer, 'Carillon-Error')?.split(';')[0] ?? null;
  const codes = response['x-error-codes'] ?? [];
  const found: string[] = [];
  if (code === null ? codes.length > 0 : !codes.includes(code)) found.push(`code ${code} is not documented`);
  for (const name of Object.keys(response.headers ?? {})) {
    if (header(answer, name) === null) found.push(`header ${name} is missing`);
  }
  for (const name of ['Location', 'X-Total-Count', 'Carillon-Error']) {
    if (header(answer, name) !== null && response.headers?.[name] === undefined) found.push(`header ${name} is new`);
  }
  return [...found, ...bodyDifferences(response, answer)];
}

function bodyDifferences({ content }: ApiResponse, answer: HttpAnswer): string[] {
  const type = header(answer, 'Content-Type')?.split(';')[0] ?? null;
  if (content === undefined) return type === null && textOf(answer) === '' ? [] : ['a body is not documented'];
  const media = type === null ? undefined : content[type];
  if (media === undefined) return [`content type ${type} is not documented`];
  const value: unknown = type === 'application/json' ? JSON.parse(textOf(answer)) : textOf(answer);
  return media.schema === undefined ? [] : errorsOf(media.schema, value);
}
