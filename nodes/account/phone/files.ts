import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The files of the page, with their types. */
const TYPES: Readonly<Record<string, string>> = {
  'page.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}

/** The files of the page, each read once. */
export class PageFiles {
  readonly #folder: string
  readonly #read = new Map<string, Promise<Buffer>>()

  /** @param folder where the built files are */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The type of a file of the page; undefined for any other name. */
  typeOf(name: string): string | undefined {
    return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
  }

  /** @throws {Error} of the file system; the next call tries again */
  read(name: string): Promise<Buffer> {
    const known = this.#read.get(name)
    if (known !== undefined) return known
    const reading = readFile(join(this.#folder, name))
    this.#read.set(name, reading)
    reading.catch(() => this.#read.delete(name))
    return reading
  }
}
