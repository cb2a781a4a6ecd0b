import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of files for one test; `remove` takes it away. */
export class TemporaryFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'carillon-files-'));

  /** Writes a text, or a value as JSON, making the folders it needs. */
  write(name: string, content: unknown): void {
    const file = path.join(this.path, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  delete(name: string): void {
    rmSync(path.join(this.path, name), { recursive: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
