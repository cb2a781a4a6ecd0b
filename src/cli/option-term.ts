import { Help, type Option } from 'commander';

/** An optional value has to be joined by `=`, as everywhere with Go's flags. */
export function optionTerm(option: Option): string {
  return option.optional ? `${option.long}[=true|false]` : Help.prototype.optionTerm(option);
}
