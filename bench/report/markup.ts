/** Text as it has to stand in HTML or SVG, attributes included. */
export const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

type Attributes = Readonly<Record<string, string | number>>;

/** An element; `content` is markup, numbers are rounded to a tenth. */
export function element(name: string, attributes: Attributes, content: string | readonly string[] = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeText(value);
    return ` ${key}="${text}"`;
  });
  return `<${name}${written.join('')}>${typeof content === 'string' ? content : content.join('')}</${name}>`;
}

export const label = (text: string, attributes: Attributes): string => element('text', attributes, escapeText(text));

/** A drawing that takes the width of the page, and no more than its own; `title` is for those who can't see it. */
export function drawing(width: number, height: number, title: string, content: readonly string[]): string {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', style: `max-width:${width}px` };
  return element('svg', attributes, [element('title', {}, escapeText(title)), ...content]);
}

export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (name: 'th' | 'td', cells: readonly string[]): string =>
    element(
      'tr',
      {},
      cells.map((cell) => element(name, {}, escapeText(cell))),
    );
  const body = rows.map((cells) => row('td', cells));
  return element('table', {}, [element('thead', {}, row('th', columns)), element('tbody', {}, body)]);
}
