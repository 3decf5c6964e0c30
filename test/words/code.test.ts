import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'acorn'
import { simple } from 'acorn-walk'
import { transformSync } from 'esbuild'
import type { Kind } from '../../nodes/account/errors'
import account from '../../nodes/account/locales/en-US/account.json'
import type { Finding } from '../../nodes/account/trial-answer'
import typingIndicator from '../../nodes/typing-indicator/locales/en-US/typing-indicator.json'
import type { Typing } from '../../nodes/typing-indicator/outcome'
import { NODES, readCatalog, SETS } from '../support/catalogs'

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
const NOT_WORDS = new Set(['input change', 'input, select', 'http proxy', 'Missing', 'Type'])

const isRead = (text: string) => (SENTENCE.test(text) || WORD.test(text)) && !NOT_WORDS.has(text)

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

  it('is in the catalogs for each key that is put together from a type', () => {
    // The type check of `npm run lint` fails where a text is missing.
    const found: Record<Finding, string> = account.test
    const outcomes: Record<Kind | Typing['state'], unknown> = typingIndicator.status
    assert.ok(found.fine && outcomes.sent)
  })

  for (const set of SETS) {
    describe(`of ${set}`, () => {
      const catalog = readCatalog(set, 'en-US')
      const form = readFileSync(join(NODES, set, `${set}.html`), 'utf8')
      const inForm = [...form.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = '']) =>
        value.split(';').map((part) => part.replace(/^\[\w+\]/, '')),
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
        for (const { file, code } of [...own, ...sources('editor')]) {
          assert.deepEqual(textsOf(code).filter(isRead), [], file)
        }
      })

      it('is in the catalog and not in a status', () => {
        for (const { file, code } of sources(set)) {
          for (const [, text] of code.matchAll(/\bshape: '\w+', text: (['`][^'`]*)/g)) {
            assert.match(`${text}`, /^['`]status\./, file)
          }
        }
      })

      it('is looked up by keys that there are', () => {
        for (const key of inForm) assert.ok(catalog.has(key), key)
        for (const { code } of sources(set)) {
          for (const [, key = ''] of code.matchAll(/\b_\('([\w.-]+)'/g)) {
            assert.ok(catalog.has(key), key)
          }
        }
      })

      it('is not in the catalog for nothing', () => {
        const code = sources(set)
          .map(({ code }) => code)
          .join('\n')
        // Keys that are put together: `check.${field}` in the code stands for all below check.
        const built = [...code.matchAll(/`([\w.]+)\.\$\{/g)].map(([, prefix]) => `${prefix}.`)
        for (const key of catalog.keys()) {
          const used =
            inForm.includes(key) ||
            code.includes(`'${key}'`) ||
            built.some((prefix) => key.startsWith(prefix))
          assert.ok(used, key)
        }
      })
    })
  }
})
