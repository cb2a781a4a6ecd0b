import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { allCommands, type CommandEntry, commandTable } from '../command-table.ts';
import { CliError, type CliHost } from '../types.ts';

const defaultDirectory = '/tmp/carillondoc/';

export function addDocCommand(program: Command, host: CliHost): void {
  program
    .command('doc')
    .description('Generate Markdown pages for all commands')
    .option('--dir <directory>', 'Directory to write the pages into', defaultDirectory)
    .action(({ dir }: { readonly dir: string }) => {
      try {
        writePages(commandTable(program), dir, host);
      } catch (error) {
        throw new CliError(`can't write into ${dir}: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
}

function writePages(root: CommandEntry, directory: string, host: CliHost): void {
  if (!existsSync(directory)) {
    host.output.out(`Directory ${directory} does not exist, creating...\n`);
    mkdirSync(directory, { recursive: true });
  }
  host.output.out(`Generating Carillon command-line documentation in ${directory} ...\n`);
  const date = new Date().toISOString();
  for (const entry of allCommands(root)) {
    writeFileSync(join(directory, `${slug(entry)}.md`), renderPage(entry, root, date));
  }
  host.output.out('Done.\n');
}

/** One page: front matter as site generators read it, then description, usage, options and neighbours. */
function renderPage(entry: CommandEntry, root: CommandEntry, date: string): string {
  const title = entry.path.join(' ');
  const parent = allCommands(root).find(({ children }) => children.includes(entry));
  const neighbours = [...(parent === undefined ? [] : [parent]), ...entry.children];
  const lines = [
    '---',
    `date: ${date}`,
    `title: "${title}"`,
    `slug: ${slug(entry)}`,
    `url: ${url(entry)}`,
    '---',
    `## ${title}`,
    '',
    entry.description,
    '',
    ...fenced([entry.usage]),
    '### Options',
    '',
    ...fenced(entry.options.map(({ term, description }) => `${term}\n      ${description}`)),
  ];
  if (neighbours.length > 0) {
    lines.push('### See also', '');
    lines.push(...neighbours.map((other) => `* [${other.path.join(' ')}](${url(other)}) - ${other.description}`), '');
  }
  return lines.join('\n');
}

const slug = ({ path }: CommandEntry): string => path.join('_');

const url = (entry: CommandEntry): string => `/docs/cli/${slug(entry)}/`;

const fenced = (lines: readonly string[]): readonly string[] => ['```', ...lines, '```', ''];
