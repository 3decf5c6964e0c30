import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the node sets. */
export const NODES = join(__dirname, '..', '..', 'nodes')

/** The node sets, each with a catalog and a help in each language. */
export const SETS = ['account', 'inbound', 'typing-indicator', 'reply'] as const

/** One of {@link SETS}. */
export type NodeSet = (typeof SETS)[number]

/** The texts of a catalog by their full keys, in the order of the file. */
export function readCatalog(set: NodeSet, language: string): Map<string, string> {
  return new Map(flatten(JSON.parse(readWords(set, language, 'json')) as object, ''))
}

/** A file of words as text. */
export function readWords(set: NodeSet, language: string, extension: 'json' | 'html'): string {
  return readFileSync(join(NODES, set, 'locales', language, `${set}.${extension}`), 'utf8')
}

/** The languages that a node set has. */
export function languagesOf(set: NodeSet): string[] {
  return readdirSync(join(NODES, set, 'locales')).sort()
}

function flatten(texts: object, prefix: string): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? flatten(value, `${prefix}${key}.`)
      : [[prefix + key, value] as [string, string]],
  )
}
