import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'acorn'
import { simple } from 'acorn-walk'
import { transformSync } from 'esbuild'
import { ACCOUNT_DEFAULTS } from '../../nodes/account/options'
import { INBOUND_DEFAULTS } from '../../nodes/inbound/options'
import { REPLY_DEFAULTS } from '../../nodes/reply/options'
import { TYPING_INDICATOR_DEFAULTS } from '../../nodes/typing-indicator/options'
import { NODES, type NodeSet, readCatalog, SETS } from '../support/catalogs'

const sources = (folder: string) =>
  readdirSync(join(NODES, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, code: readFileSync(join(NODES, folder, file), 'utf8') }))

/** The texts that stand in a piece of TypeScript, without comments and types. */
function textsOf(code: string): string[] {
  const texts: string[] = []
  const { code: script } = transformSync(code, { loader: 'ts', format: 'esm' })
  simple(parse(script, { ecmaVersion: 'latest', sourceType: 'module' }), {
    Literal: ({ value }) => void (typeof value === 'string' && texts.push(value)),
    TemplateElement: ({ value }) => void texts.push(value.cooked ?? ''),
  })
  return texts
}

/** Two words in a row: what people read, and not a selector, a key or the name of an event. */
const SENTENCE = /(^|[^#.\w-])\p{L}{2,}[,:]? \p{L}{2,}/u

/** A text of one word, as on a button. */
const WORD = /^\p{Lu}\p{Ll}+\P{L}*$/u

/** Texts for machines that look like words, and ends of keys. */
const NOT_WORDS = new Set([
  ...['input change', 'input, select', 'http proxy', 'http in', 'Bearer ', 'Missing', 'Type'],
])

const isRead = (text: string) => (SENTENCE.test(text) || WORD.test(text)) && !NOT_WORDS.has(text)

const codeOf = (files: { code: string }[]) => files.map(({ code }) => code).join('\n')

/** Whether code has a property or a text of this name. */
const isNamed = (name: string | undefined, code: string) =>
  name !== undefined && new RegExp(`'${name}'|\\b${name}\\??:`).test(code)

/** The sets whose nodes show what is wrong with their account, and so have the words for it. */
const USERS = ['typing-indicator', 'reply'] as const

/** The kinds that a node never shows: a deploy clears the status, and only dots end with the others. */
const NOT_SHOWN = {
  'typing-indicator': ['closed'],
  reply: ['closed', 'unsupported-channel', 'expired', 'unanswered'],
}

/** Options whose every value can be used. */
const ALWAYS_VALID = ['name', 'quote']

/** What the modules that a set shares with others show or look up. */
const sourcesOf = (set: NodeSet) => [
  ...sources(set),
  ...sources('lib/editor'),
  ...(set === 'account' ? [] : sources('lib/node-red')),
]

describe('text in code', () => {
  it('is found where it is', () => {
    assert.deepEqual(textsOf('show("Deploy first"); $(`#a-${b} is`) // not this').sort(), [
      ' is',
      '#a-',
      'Deploy first',
    ])
    for (const text of ['Deploy first', 'Testing…']) assert.ok(isRead(text), text)
    for (const text of ['#eight-account-test .red-ui-button', 'noopener']) {
      assert.ok(!isRead(text), text)
    }
  })

  for (const [prefix, set, file, list] of [
    ...USERS.map(
      (set) => ['status', set, 'lib/errors.ts', /const RETRYABLE = \{([^}]+)\}/] as const,
    ),
    [
      'status',
      'typing-indicator',
      'typing-indicator/indicator-status.ts',
      /const LOOKS: [^=]*= \{([\s\S]*?)\n\}/,
    ],
    [
      'test',
      'account',
      'account/connection-test/result.ts',
      /export type ConnectionTestResult =((?:\s+\| '\w+')+)/,
    ],
  ] as const) {
    it(`is in the catalog of ${set} for each ${prefix} that ${file} knows`, () => {
      const [, names = ''] = list.exec(readFileSync(join(NODES, file), 'utf8')) ?? []
      const found = names.match(/(?<=\| ')\w+|^\s*'?[\w-]+(?='?:)/gm) ?? []
      const keys = found
        .map((name) => name.replace(/[\s']/g, ''))
        .filter((name) => set === 'account' || !NOT_SHOWN[set].includes(name))
        .map((name) => `${prefix}.${name}`)
      assert.ok(keys.length >= 4, `${keys}`)
      const catalog = readCatalog(set, 'en-US')
      for (const key of keys) assert.ok(catalog.get(key), key)
    })
  }

  for (const [set, options, more] of [
    ...USERS.map((set) => [set, ACCOUNT_DEFAULTS, ['apiKey']] as const),
    ['inbound', INBOUND_DEFAULTS, ['webhookAuthorization']],
    ['typing-indicator', TYPING_INDICATOR_DEFAULTS, []],
    ['reply', REPLY_DEFAULTS, []],
  ] as const) {
    const fields = [...Object.keys(options), ...more].filter(
      (field) => !ALWAYS_VALID.includes(field) && !field.endsWith('Type'),
    )
    it(`is in the catalog of ${set} for the status of each of ${fields.join(', ')}`, () => {
      const catalog = readCatalog(set, 'en-US')
      for (const field of fields) assert.ok(catalog.get(`status.check.${field}`), field)
      for (const field of ALWAYS_VALID) assert.ok(!catalog.has(`status.check.${field}`), field)
    })
  }

  for (const set of USERS) {
    it(`is not in the catalog of ${set} for a status that it never shows`, () => {
      const catalog = readCatalog(set, 'en-US')
      const found = NOT_SHOWN[set].filter((kind) => catalog.has(`status.${kind}`))
      assert.deepEqual(found, [])
    })
  }

  for (const set of SETS) {
    describe(`of ${set}`, () => {
      const catalog = readCatalog(set, 'en-US')
      const form = readFileSync(join(NODES, set, `${set}.html`), 'utf8')
      const inForm = [...form.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = '']) =>
        value.split(';').map((part) => part.replace(/^\[[\w-]+\]/, '')),
      )

      it('is in the catalog and not in the form', () => {
        assert.equal(form.replace(/<[^>]*>/g, '').trim(), '')
        for (const [, name, value] of form.matchAll(
          /\b(placeholder|title|aria-label)="([^"]*)"/g,
        )) {
          assert.match(`${value}`, /^https?:\/\/\S+$/, name)
        }
      })

      it('is in the catalog and not in the editor half', () => {
        const own = sources(set).filter(({ file }) => /^[\w-]+\.editor\.ts$/.test(file))
        assert.ok(own.length > 0)
        for (const { file, code } of [...own, ...sources('lib/editor')]) {
          assert.deepEqual(textsOf(code).filter(isRead), [], file)
        }
      })

      it('is in the catalog and not in a status', () => {
        const statuses = sourcesOf(set).flatMap(({ code }) => [
          ...code.matchAll(/\bshape: '\w+', text: (['`][^'`]*)/g),
        ])
        for (const [status, text] of statuses) assert.match(`${text}`, /^['`]status\./, status)
      })

      it('is looked up by keys that there are', () => {
        const inCode = sources(set).flatMap(({ code }) =>
          // With the name of the catalog where the editor does not know it by the node.
          [...code.matchAll(/\b_\(\s*'(?:@[\w/-]+:)?([\w.-]+)'/g)].map(([, key = '']) => key),
        )
        assert.ok(inForm.length > 0 && inCode.length > 0)
        for (const key of [...inForm, ...inCode]) assert.ok(catalog.has(key), key)
      })

      it('is not in the catalog for nothing', () => {
        const code = codeOf(sourcesOf(set))
        const all = codeOf([...SETS, 'lib'].flatMap(sources))
        // Keys that are put together: `check.${field}` in the code stands for all below check whose
        // last part is a name or a text somewhere.
        const built = [...code.matchAll(/`([\w.]+\.)\$\{[^}]+\}(\w*)`/g)].map(
          ([, prefix = '', suffix = '']) => new RegExp(`^${prefix}([\\w-]+)${suffix}$`),
        )
        for (const key of catalog.keys()) {
          const used =
            inForm.includes(key) ||
            code.includes(`'${key}'`) ||
            built.some((form) => isNamed(form.exec(key)?.[1], all))
          assert.ok(used, key)
        }
      })
    })
  }
})

describe('code', () => {
  it('is not exported for tests alone', () => {
    const files = [...SETS, 'lib'].flatMap(sources)
    const all = codeOf(files)
    const unused = files.flatMap(({ file, code }) =>
      [...code.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)]
        .map(([, name = '']) => name)
        .filter((name) => all.split(new RegExp(`\\b${name}\\b`)).length < 3)
        .map((name) => `${file}: ${name}`),
    )
    assert.deepEqual(unused, [])
  })
})
