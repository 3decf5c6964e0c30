import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MOCHA = require.resolve('mocha/bin/mocha.js')

/** A rejection that nobody handles ends Node-RED; Mocha by itself says nothing of it. */
describe('faults: a test that leaves a rejection unhandled', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unhandled-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('fails, and so does one whose assertion fails in a callback', async () => {
    for (const thrown of ["new Error('nobody waits')", "require('node:assert').fail('in vain')"]) {
      const file = join(folder, 'rejecting.test.js')
      const body = `void Promise.resolve().then(() => { throw ${thrown} }); return new Promise(setImmediate)`
      await writeFile(file, `it('seems fine', () => { ${body} })`)
      await assert.rejects(promisify(execFile)(process.execPath, [MOCHA, file]), {
        stdout: /Uncaught .*(nobody waits|in vain)/,
      })
    }
  })
})
