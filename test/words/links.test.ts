import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, sep } from 'node:path'
import { EXAMPLES } from '../../scripts/example'
import { ROOT } from '../../scripts/node-red'
import { textFiles } from '../../scripts/release/publisher'

const FOLDERS = ['docs', 'examples', 'nodes', 'scripts', 'test']

/** All files and folders that a document may name, and the files beside them. */
const PATHS = new Set([
  ...readdirSync(ROOT),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(folder, path).split(sep).join('/'),
    ),
  ),
])

const DOCUMENTS = [...PATHS].filter((path) => /^(docs\/.*|[^/]+)\.md$/.test(path)).sort()

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** Whether there is such a file or folder; a test may be named without its ending, or with a `*`. */
function exists(path: string): boolean {
  const [start = '', end] = normalize(decodeURI(path)).replace(/\/$/, '').split('*')
  if (end !== undefined) return [...PATHS].some((it) => it.startsWith(start) && it.includes(end))
  return ['', '.ts', '.test.ts'].some((extension) => PATHS.has(start + extension))
}

/** Whether there is a file of this name, or with this end of a path. */
function isEndOfPath(code: string): boolean {
  return [...PATHS].some((path) => `/${path}`.endsWith(`/${code}`))
}

/** Heads of a document as GitHub turns them into anchors. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, head = '']) =>
    head
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

describe('the documents', () => {
  it('are found', () => assert.ok(DOCUMENTS.length > 15, DOCUMENTS.join()))

  for (const file of DOCUMENTS) {
    it(`have no dead link in ${file}`, () => {
      const markdown = read(file)
      for (const [, link = ''] of markdown.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(link)) continue
        const [path = '', anchor] = link.split('#')
        const target = join(dirname(file), path)
        assert.ok(path === '' || exists(target), link)
        const head = anchor ?? ''
        if (head) assert.ok(anchorsOf(path === '' ? markdown : read(target)).includes(head), link)
      }
    })

    it(`name only files that exist in ${file}`, () => {
      for (const [, code = ''] of read(file).matchAll(/`([^`\s]+)`/g)) {
        if (/^(nodes|scripts|test|docs|examples)\//.test(code)) assert.ok(exists(code), code)
        else if (/^[\w./-]+\.(test\.ts|ts|mjs)$/.test(code)) {
          assert.ok(isEndOfPath(code), code)
        }
      }
    })
  }

  it('draw the folders as they are in CONTRIBUTING.md', () => {
    const [, tree = ''] = /```\n(nodes\/[^`]+)```/.exec(read('CONTRIBUTING.md')) ?? []
    const folders: string[] = []
    for (const line of tree.split('\n').filter(Boolean)) {
      const [, indent = '', name = ''] = /^( *)([\w./-]+)\//.exec(line) ?? []
      folders.length = indent.length / 2
      folders.push(name)
      assert.ok(exists(folders.join('/')), folders.join('/'))
    }
    const drawn = [...tree.matchAll(/^ {4}([\w-]+)\//gm)].map(([, name]) => `${name}`)
    const library = readdirSync(join(ROOT, 'nodes', 'lib'), { withFileTypes: true })
    assert.deepEqual(
      drawn.sort(),
      library.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort(),
    )
  })
})

describe('the pictures in docs/images', () => {
  /** In Markdown, and in HTML for a light and a dark screen. */
  const PICTURE = /!\[[^\]]*\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g
  const named = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(PICTURE)].map(([, markdown, html]) =>
      join(dirname(file), markdown ?? html ?? ''),
    ),
  )

  it('are all there that a document shows', () => {
    assert.deepEqual(
      named.filter((path) => !PATHS.has(path)),
      [],
    )
  })

  it('are all shown by a document', () => {
    const pictures = readdirSync(join(ROOT, 'docs', 'images'))
    assert.deepEqual(
      pictures.filter((picture) => !named.includes(`docs/images/${picture}`)),
      [],
    )
  })
})

describe('the examples', () => {
  const files = readdirSync(EXAMPLES)

  it('are all in the README', () => {
    const readme = read('README.md')
    for (const file of files) assert.ok(readme.includes(`| ${basename(file, '.json')} |`), file)
  })

  for (const file of files) {
    it(`link to no file in ${file}, because the editor has none`, () => {
      for (const [, link] of read(`examples/${file}`).matchAll(/\]\(([^)\s]+)\)/g)) {
        assert.match(`${link}`, /^https:/)
      }
    })
  }
})

/** Where a project or a package has an owner, and anybody may become one. */
const OWNED =
  /(?<![\w.-])(?:www\.)?((?:github|gitlab|bitbucket|npmjs)\.(?:com|org)\/(?:package\/)?@?[\w-]+|(?:codeberg\.org|ghcr\.io)\/[\w-]+)/g

describe('addresses', () => {
  it('name no owner but the publisher: somebody else could take the address', () => {
    const { repository } = JSON.parse(read('scripts/release/publisher.json'))
    const own = repository.split('/').slice(2, 4).join('/')
    const found = textFiles(ROOT)
      .filter((file) => file !== 'package-lock.json')
      .flatMap((file) => [...read(file).matchAll(OWNED)].map(([, owner]) => `${file}: ${owner}`))
      .filter((line) => !own || !line.endsWith(own))
    assert.deepEqual(found, [])
  })
})
