import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CallExpression, type ObjectExpression, parse } from 'acorn'
import { simple } from 'acorn-walk'
import { EXAMPLES } from '../../scripts/example'
import { ROOT } from '../../scripts/node-red'

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const sets = Object.entries<string>(manifest['node-red'].nodes)
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

type Definition = { type: string; options: Map<string, unknown>; keys: Map<string, string[]> }

/** What a reader of the built editor half, who does not run it, finds of the definitions. */
function definitionsOf(html: string): Definition[] {
  const found: Definition[] = []
  for (const [, script = ''] of html.matchAll(
    /<script type="text\/javascript">([\s\S]*?)<\/script>/g,
  )) {
    simple(parse(script, { ecmaVersion: 2020 }), {
      CallExpression(call) {
        const definition = definitionOf(call)
        if (definition) found.push(definition)
      },
    })
  }
  return found
}

function definitionOf({ callee, arguments: [type, options] }: CallExpression) {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined
  if (callee.property.name !== 'registerType') return undefined
  assert.ok(type?.type === 'Literal', 'the type is a literal')
  assert.ok(options?.type === 'ObjectExpression', 'the definition is inline')
  const values = new Map<string, unknown>()
  const keys = new Map<string, string[]>()
  for (const [name, value] of entriesOf(options)) {
    if (value.type === 'Literal') values.set(name, value.value)
    if (value.type === 'ObjectExpression')
      keys.set(
        name,
        entriesOf(value).map(([key]) => key),
      )
  }
  return { type: `${type.value}`, options: values, keys }
}

function entriesOf({ properties }: ObjectExpression) {
  return properties.map((property) => {
    assert.ok(property.type === 'Property' && property.key.type === 'Identifier')
    return [property.key.name, property.value] as const
  })
}

/** What Node-RED's scorecard (flows.nodered.org) looks at. */
describe('the scorecard', () => {
  for (const [set, built] of sets) {
    it(`can read the definition of ${set} from the built file`, () => {
      const [definition, ...more] = definitionsOf(read(built.replace(/\.js$/, '.html')))
      assert.ok(definition)
      assert.deepEqual(more, [])
      const { type, options, keys } = definition
      assert.equal(type, `8x8-${set}`)
      assert.equal(options.get('color'), '#7CC7B9')
      assert.equal(options.get('icon'), `${set}.svg`)
      assert.ok(keys.get('defaults')?.includes('name'))
      if (set === 'account') assert.equal(options.get('category'), 'config')
      else {
        assert.equal(options.get('category'), '8x8')
        assert.equal(options.get('inputs'), set === 'inbound' ? 0 : 1)
        assert.equal(options.get('outputs'), set === 'sandbox' ? 1 : 2)
      }
    })

    it(`finds the icon of ${set}: white, 40 × 60`, () => {
      const icon = read(join(dirname(built), 'icons', `${set}.svg`))
      assert.match(icon, /width="40" height="60"/)
      const colors = [...icon.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color)
      assert.deepEqual([...new Set(colors)], ['#fff'])
    })
  }

  it('finds an example of every node', () => {
    const used = new Set(
      readdirSync(EXAMPLES).flatMap((file) => {
        const nodes: { type: string }[] = JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8'))
        return nodes.map(({ type }) => type)
      }),
    )
    for (const [set] of sets) assert.ok(used.has(`8x8-${set}`), set)
  })

  it('finds each example in its order, with a comment that explains it', () => {
    for (const [index, file] of readdirSync(EXAMPLES).sort().entries()) {
      assert.ok(file.startsWith(`${index + 1} `), file)
      const nodes: { type: string; name?: string; info?: string }[] = JSON.parse(
        readFileSync(join(EXAMPLES, file), 'utf8'),
      )
      const comments = nodes.filter(({ type }) => type === 'comment')
      assert.ok(
        comments.some(({ name, info }) => name && info),
        file,
      )
      const described = nodes.filter(({ type, info }) => type.startsWith('8x8-') && info)
      assert.ok(described.length > 0, `${file}: no node of ours says what it is there for`)
    }
  })

  it('finds the package described', () => {
    assert.ok(Object.keys(manifest.dependencies).length <= 6)
    assert.match(manifest.engines.node, /^>=\d+/)
    assert.match(manifest['node-red'].version, /^>=\d+/)
    assert.ok(manifest.keywords.includes('node-red'))
    assert.equal(manifest.license, 'Apache-2.0')
    assert.match(read('LICENSE'), /Apache License\s+Version 2\.0/)
    for (const field of ['repository', 'bugs', 'homepage', 'description']) {
      assert.ok(manifest[field], field)
    }
    assert.match(manifest.name, /^@[\w-]+\/node-red-/)
  })

  it('finds the sections of the README', () => {
    const sections = [...read('README.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title)
    for (const title of ['Install', 'Examples'])
      assert.ok(sections.includes(title), title)
  })
})
