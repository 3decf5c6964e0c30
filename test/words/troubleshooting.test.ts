import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/node-red'
import { NODES, readCatalog } from '../support/catalogs'

const TROUBLESHOOTING = readFileSync(join(ROOT, 'docs', 'troubleshooting.md'), 'utf8')

const read = (file: string) => readFileSync(join(NODES, file), 'utf8')

describe('docs/troubleshooting.md', () => {
  for (const set of ['inbound', 'typing-indicator', 'reply'] as const) {
    it(`has every status text of ${set}`, () => {
      for (const [key, text] of readCatalog(set, 'en-US')) {
        if (!key.startsWith('status.')) continue
        const shown = `\`${text.replace('__n__', '3')}\``
        assert.ok(TROUBLESHOOTING.includes(shown), `${key}: ${shown}`)
      }
    })
  }

  it('has no status of a setting that no node shows', () => {
    const sets = ['inbound', 'typing-indicator', 'reply'] as const
    const shown = new Set(sets.flatMap((set) => [...readCatalog(set, 'en-US').values()]))
    const named = [...TROUBLESHOOTING.matchAll(/`(check [^`]+)`/g)].map(([, text = '']) => text)
    assert.ok(named.length > 15)
    assert.deepEqual(
      named.filter((text) => !shown.has(text)),
      [],
    )
  })

  it('has every error kind', () => {
    const [, table = ''] = /const RETRYABLE = \{([^}]*)\}/.exec(read('lib/errors.ts')) ?? []
    const kinds = [...table.matchAll(/([\w-]+)'?:/g)].map(([, kind]) => kind)
    assert.ok(kinds.length >= 14)
    for (const kind of kinds) assert.ok(TROUBLESHOOTING.includes(`| \`${kind}\` |`), kind)
  })

  it('has every status with which an inbound message node refuses a webhook', () => {
    const code = ['inbound/receiver.ts', 'lib/http/request-body.ts'].map(read).join('')
    const statuses = new Set([...code.matchAll(/HttpError\((\d+)/g)].map(([, status]) => status))
    assert.ok(statuses.size >= 7)
    for (const status of statuses) assert.ok(TROUBLESHOOTING.includes(`\n| ${status} |`), status)
  })
})
