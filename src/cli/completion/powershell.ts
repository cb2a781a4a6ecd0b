import { allCommands, type CommandEntry, type OptionEntry } from '../command-table.ts';

/** A table of candidates per command, and of values per flag, looked up by the words typed so far. */
export function powershellCompletion(root: CommandEntry, descriptions: boolean): string {
  const name = root.path.join(' ');
  const commands = allCommands(root);
  const values = commands.flatMap((entry) => entry.options.flatMap((option) => valueLine(entry, option)));
  return `# powershell completion for ${name}
Register-ArgumentCompleter -Native -CommandName ${quote(name)} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $candidates = @{
${commands.map((entry) => candidateLines(entry, descriptions)).join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $command = ${quote(name)}
  foreach ($word in ($typed | Select-Object -Skip 1)) {
    if ($candidates.ContainsKey("$command $word")) { $command = "$command $word" }
  }
  $flag = if ($typed.Count -gt 1) { "$command $($typed[-1])" } else { '' }
  if ($values.ContainsKey($flag)) {
    $values[$flag] | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
  } else {
    $candidates[$command] | Where-Object { $_[0] -like "$wordToComplete*" } | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
    }
  }
}
`;
}

function candidateLines({ path, children, options }: CommandEntry, descriptions: boolean): string {
  const pairs = [
    ...children.map((child) => [child.path.at(-1) ?? '', child.description] as const),
    ...options.map(({ long, description }) => [long, description] as const),
  ];
  const lines = pairs.map(
    ([word, text]) => `      ,@(${quote(word)}, ${quote(descriptions && text !== '' ? text : word)})`,
  );
  return `    ${quote(path.join(' '))} = @(\n${lines.join('\n')}\n    )`;
}

function valueLine({ path }: CommandEntry, { long, value, choices }: OptionEntry): readonly string[] {
  return value === 'choice' ? [`    ${quote([...path, long].join(' '))} = @(${choices.map(quote).join(', ')})`] : [];
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
