import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { languagesOf, readCatalog, readWords, SETS } from '../support/catalogs'

/** The languages of the Node-RED editor. */
const LANGUAGES = readdirSync(
  join(dirname(require.resolve('@node-red/editor-client/package.json')), 'locales'),
).sort()

/** Characters that fit under a node. Issue 5 of this project: under 20. */
const STATUS_LENGTH = 19

/** What a text leaves open, or quotes as it must be typed. */
const placeholders = (text: string) => text.match(/__\w+__|\$\{\w+\}/g)?.sort() ?? []

const tags = (html: string) => html.match(/<\/?[a-z0-9]+/g)?.sort()
const quoted = (html: string) =>
  html
    .match(/(<code>[\s\S]*?<\/code>|href="[^"]*"|class="[^"]*"|data-[a-z-]+="[^"]*")/g)
    ?.map((found) => found.replace(/\s+/g, ' '))
    .sort()

describe('the words', () => {
  it('are there in the ten languages of the editor', () => {
    assert.equal(LANGUAGES.length, 10)
    for (const set of SETS) assert.deepEqual(languagesOf(set), LANGUAGES, set)
  })

  for (const set of SETS) {
    const english = readCatalog(set, 'en-US')
    for (const language of languagesOf(set)) {
      describe(`of ${set} in ${language}`, () => {
        const catalog = readCatalog(set, language)

        it('have the keys of English, each with a text', () => {
          assert.deepEqual([...catalog.keys()], [...english.keys()])
          for (const [key, text] of catalog) assert.ok(`${text}`.trim(), key)
        })

        it('leave open what English leaves open', () => {
          for (const [key, text] of catalog) {
            assert.deepEqual(placeholders(text), placeholders(`${english.get(key)}`), key)
          }
        })

        it('fit under a node', () => {
          for (const [key, text] of catalog) {
            const shown = text.replace('__n__', '9999')
            assert.ok(
              !key.startsWith('status.') || shown.length <= STATUS_LENGTH,
              `${key}: ${text}`,
            )
          }
        })

        it('name a field in a complaint as its label does', () => {
          for (const [key, text] of catalog) {
            const field = /^check\.(\w+?)(?:Missing|Characters)?$/.exec(key)?.[1]
            const label = catalog.get(`label.${field}`)
            if (label) assert.ok(text.startsWith(label), `${key}: ${text}`)
          }
        })

        it('have a help of the same build as English', () => {
          const [help, original] = [language, 'en-US'].map((each) => readWords(set, each, 'html'))
          assert.deepEqual(tags(`${help}`), tags(`${original}`))
          assert.deepEqual(quoted(`${help}`), quoted(`${original}`))
        })

        it('name in the help what the form names', () => {
          const help = readWords(set, language, 'html').replace(/\s+/g, ' ')
          const originalHelp = readWords(set, 'en-US', 'html').replace(/\s+/g, ' ')
          for (const [key, text] of english) {
            if (!originalHelp.includes(`<i>${text}</i>`)) continue
            assert.ok(help.includes(`<i>${catalog.get(key)}</i>`), `${key}: ${catalog.get(key)}`)
          }
        })
      })
    }
  }
})
