import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type CallExpression, type ObjectExpression, parse } from 'acorn'
import { simple } from 'acorn-walk'
import { EXAMPLES } from '../../scripts/example'
import { ROOT } from '../../scripts/node-red'
import { copyTree } from '../support/copy'
import { prepareCopy } from '../support/publisher'

const run = promisify(execFile)

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
        assert.equal(options.get('outputs'), 2)
      }
    })

    it(`finds the icon of ${set}: white, 40 × 60`, () => {
      const icon = read(join(dirname(built), 'icons', `${set}.svg`))
      assert.match(icon, /width="40" height="60"/)
      const colors = [...icon.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color)
      assert.deepEqual([...new Set(colors)], ['#fff'])
    })
  }

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
    assert.match(read('LICENSE'), /Apache License\s+Version 2\.0/)
    assert.ok(manifest.keywords.includes('node-red')) // node-red-dev's P05 never fails
    assert.ok(manifest.description)
  })

  it('finds the sections of the README', () => {
    const sections = [...read('README.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title)
    for (const title of ['Install', 'Examples']) assert.ok(sections.includes(title), title)
  })
})

/**
 * Runs the scorecard's own checks. Their look-ups in the catalogue and the registry are answered with
 * nothing, and so say nothing: P06, P07, P08 and N01. Its checks of dependencies (D01 to D03) only look
 * things up, but for their number, which is checked above.
 */
const RUN_CHECKS = `
  const { join } = require('node:path')
  const [modules, path] = process.argv.slice(1)
  const nothing = { modules: [], 'dist-tags': { latest: '0' }, versions: { 0: { engines: { node: '0' } } } }
  require(join(modules, 'axios')).defaults.adapter = async (config) =>
    ({ data: nothing, status: 200, statusText: 'OK', headers: {}, config })
  const warnings = []
  const cli = { log() {}, warn: (text) => warnings.push(text), error: (error) => { throw error } }
  const check = (name) => require(join(modules, 'node-red-dev', 'src', 'libs', name))
  const scorecard = {}
  check('checkpackage')(path, cli, scorecard, false)
    .then(() => check('checknodes')(path, cli, scorecard, false))
    .then(() => setImmediate(() => {
      console.log(JSON.stringify({ scorecard, warnings }))
      process.exit()
    }))`

/** The tool that makes the scorecard: `node-red-dev validate`, without what it asks the network. */
describe('node-red-dev', function () {
  this.timeout(180_000)
  let copy: string
  let tool: string

  before(async () => {
    copy = await copyTree()
    prepareCopy(copy)
    tool = await mkdtemp(join(tmpdir(), 'node-red-dev-'))
    // Not a development dependency: it brings 300 packages, of which these checks need four.
    const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
    await run('npm', ['install', '--prefix', tool, ...options, 'node-red-dev@0.1.6'])
  })

  after(async () => {
    for (const folder of [copy, tool]) await rm(folder, { recursive: true, force: true })
  })

  it('finds nothing to complain of, once a publisher is set', async () => {
    const args = ['-e', RUN_CHECKS, join(tool, 'node_modules'), copy]
    const { stdout } = await run(process.execPath, args)
    const [result = '', ...unread] = stdout.trim().split('\n').reverse()
    assert.deepEqual(unread, [])
    const { scorecard, warnings } = JSON.parse(result)
    const { P01, P03, P04, P05, N02 } = scorecard
    for (const [name, check] of Object.entries({ P01, P03, P04, P05, N02 })) {
      assert.equal((check as { test: boolean } | undefined)?.test, true, name)
    }
    const types = sets.map(([set]) => `8x8-${set}`).filter((type) => type !== '8x8-account')
    assert.deepEqual(N02.nodes.sort(), types.sort())
    assert.deepEqual(
      warnings.filter((text: string) => !/^P0[67]/.test(text)),
      [],
    )
  })
})
