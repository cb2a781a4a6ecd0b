/** JSON Schema 2020-12, as far as it is used here. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: SchemaType | readonly SchemaType[];
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly default?: string | number | boolean;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
}

type SchemaType = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | 'null';

export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
  readonly required?: boolean;
  readonly style?: 'deepObject';
  readonly explode?: boolean;
}

export interface ResponseHeader {
  readonly description: string;
  readonly schema: Schema;
}

export type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface ApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, ResponseHeader>>;
  readonly content?: Content;
  /** The codes in `Carillon-Error` with which this status comes. */
  readonly 'x-error-codes'?: readonly string[];
}

/** One route as its documentation sees it; path parameters follow from the route's pattern. */
export interface Operation {
  readonly summary: string;
  readonly query?: readonly QueryParameter[];
  readonly body?: Content;
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

/** By method and pattern, as in the table of routes. */
export type Operations = Readonly<Record<string, Operation>>;
