import { type Route, routes } from './routes.ts';

export type Match =
  | { readonly type: 'route'; readonly route: Route; readonly parameters: readonly string[] }
  /** The same route exists with, or without, a slash at the end. */
  | { readonly type: 'redirect'; readonly path: string }
  | { readonly type: 'none' };

/** Finds routes as gin does: exact segments before parameters, redirects where only a last slash is wrong. */
export class Router {
  readonly #bySize = new Map<string, Route[]>();
  readonly #wildcards: readonly Route[];

  constructor(hasInterface: boolean) {
    const known = routes.filter((route) => hasInterface || !route.isInterface);
    this.#wildcards = known.filter(({ pattern }) => pattern.endsWith('*'));
    for (const route of known) {
      const key = sizeKey(route.method, route.pattern);
      this.#bySize.set(key, [...(this.#bySize.get(key) ?? []), route]);
    }
    for (const group of this.#bySize.values()) group.sort((a, b) => countParameters(a) - countParameters(b));
  }

  /** `path` is decoded. */
  match(method: string, path: string): Match {
    const found = this.#find(method, path);
    if (found !== null) return found;
    if (path === '/') return { type: 'none' };
    const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    return this.#find(method, other) === null ? { type: 'none' } : { type: 'redirect', path: other };
  }

  #find(method: string, path: string): Extract<Match, { type: 'route' }> | null {
    for (const route of this.#wildcards) {
      const prefix = route.pattern.slice(0, -1);
      if (route.method === method && path.startsWith(prefix)) {
        return { type: 'route', route, parameters: [path.slice(prefix.length)] };
      }
    }
    for (const route of this.#bySize.get(sizeKey(method, path)) ?? []) {
      const parameters = matchSegments(route.pattern, path);
      if (parameters !== null) return { type: 'route', route, parameters };
    }
    return null;
  }
}

const sizeKey = (method: string, path: string): string => `${method} ${path.split('/').length}`;

const countParameters = (route: Route): number => route.pattern.split(':').length;

/** A parameter may be empty, except at the end. */
function matchSegments(pattern: string, path: string): string[] | null {
  const segments = path.split('/');
  const parameters: string[] = [];
  for (const [index, wanted] of pattern.split('/').entries()) {
    const segment = segments[index] ?? '';
    if (!wanted.startsWith(':')) {
      if (segment !== wanted) return null;
    } else {
      if (segment === '' && index === segments.length - 1) return null;
      parameters.push(segment);
    }
  }
  return parameters;
}
