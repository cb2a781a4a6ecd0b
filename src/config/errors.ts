/** The settings can't be used: one sentence per problem, each naming the setting and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Something the operator should know although the settings can be used; logged once the log is open. */
export interface Notice {
  readonly level: 'info' | 'warn';
  readonly message: string;
}
