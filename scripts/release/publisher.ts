import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { z } from 'zod'

/** Who publishes the package. Blank until somebody claims it; docs/releasing.md explains each. */
const publisher = z.object({
  name: z
    .string()
    .regex(/^@[a-z0-9][\w.-]*\/node-red-[a-z0-9-]+$/, 'must be @<scope>/node-red-<name>'),
  repository: z
    .string()
    .regex(
      /^https:\/\/github\.com\/[\w-]+\/[\w.-]+(?<!\.git)$/,
      'must be https://github.com/<owner>/<name>',
    ),
  securityContact: z
    .string()
    .regex(
      /^(https:\/\/\S+|[^\s@]+@[^\s@]+\.[^\s@]+)$/,
      'must be an email address or an https address',
    ),
  codeOwners: z
    .string()
    .regex(
      /^@[\w-]+(\/[\w-]+)?( @[\w-]+(\/[\w-]+)?)*$/,
      'must be @<user> or @<organisation>/<team>',
    ),
})

/** Who publishes the package, complete. */
export type Publisher = z.infer<typeof publisher>

/** Folders that hold no source. */
const LEFT_OUT = new Set(['.git', '.dev', 'coverage', 'dist', 'node_modules'])

/** The files that are text, and so may hold the name of the package or an address. */
const TEXT = /(\.(ts|mjs|js|json|md|html|css|yml)|\/CODEOWNERS|\/run|\/tools)$/

/**
 * Reads scripts/release/publisher.json.
 * @param root of the working tree
 * @throws {Error} that names each field which is missing or malformed
 */
export function readPublisher(root: string): Publisher {
  const file = join(root, 'scripts', 'release', 'publisher.json')
  const { data, error } = publisher.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (data) return data
  const problems = error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  throw new Error(`scripts/release/publisher.json: ${problems.join('; ')}`)
}

/** The text files of the working tree, as paths below its root with slashes. */
export function textFiles(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.has(name))
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name]
      const inside = readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' })
      return inside.map((path) => join(entry.name, path).split(sep).join('/'))
    })
    .filter((path) => TEXT.test(path))
}

/**
 * What the publisher's values change in the working tree; nothing where they are in place already.
 * @returns the new texts by path
 * @throws {Error} when a file has no place for a value
 */
export function changesFor(root: string, { name, ...values }: Publisher): Map<string, string> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const { name: oldName } = JSON.parse(read('package.json')) as { name: string }
  const changes = new Map<string, string>()
  for (const path of textFiles(root)) {
    const before = read(path)
    const renamed = before.replaceAll(oldName, name).replaceAll(tarballOf(oldName), tarballOf(name))
    const after = fillIn(path, renamed, values)
    if (after !== before) changes.set(path, after)
  }
  return changes
}

/** What npm calls the packed package, without its version. */
function tarballOf(name: string): string {
  return name.slice(1).replace('/', '-')
}

function fillIn(
  path: string,
  text: string,
  { repository, securityContact, codeOwners }: Omit<Publisher, 'name'>,
): string {
  if (path === 'package.json') return withRepository(text, repository)
  if (path === 'SECURITY.md') {
    const contact = securityContact.includes('@') ? securityContact : `<${securityContact}>`
    const place = /(<!-- contact -->\n)[\s\S]*?(?=\n<!-- end of contact -->)/
    if (!place.test(text)) throw new Error('SECURITY.md has no place for the contact')
    return text.replace(
      place,
      (_, start) => `${start}Please report it in private to ${contact}, not in a public issue.`,
    )
  }
  if (path === '.github/CODEOWNERS') return `* ${codeOwners}\n`
  return text
}

/** Without `private`, which keeps a package of nobody from being published by mistake. */
function withRepository(manifest: string, repository: string): string {
  const { private: _, repository: _1, bugs: _2, homepage: _3, ...rest } = JSON.parse(manifest)
  const fields = {
    repository: { type: 'git', url: `git+${repository}.git` },
    bugs: { url: `${repository}/issues` },
    homepage: `${repository}#readme`,
  }
  const entries = Object.entries(rest)
  const at = entries.findIndex(([key]) => key === 'license') + 1
  entries.splice(at, 0, ...Object.entries(fields))
  return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`
}
