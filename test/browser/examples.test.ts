import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { EXAMPLES } from '../../scripts/example'
import { type Fixture, startFixture } from './browser'
import { Editor } from './editor'

describe('the examples in the editor', function () {
  this.timeout(60_000)
  let fixture: Fixture

  before(async () => {
    fixture = await startFixture()
  })

  after(() => fixture?.close())

  for (const file of readdirSync(EXAMPLES).sort()) {
    const name = basename(file, '.json')
    it(`imports and deploys: ${name}`, async () => {
      const { nodeRed, context } = fixture
      const headers = { 'content-type': 'application/json' }
      await fetch(`${nodeRed.url}/flows`, { method: 'POST', headers, body: '[]' })
      const editor = await Editor.open(context, nodeRed.url)
      await editor.importExample(name)
      const nodes = await editor.nodes()
      assert.ok(nodes.length > 3)
      assert.deepEqual(
        nodes.filter(({ type }) => type === 'unknown'),
        [],
      )
      // A key that is missing is not among them: the editor knows no credentials of an import.
      const reasons = nodes.flatMap(({ validationErrors = [] }) => validationErrors)
      assert.deepEqual(reasons, [])
      await editor.deploy()
      await editor.page.close()
    })
  }

  it('share one account, as it is set, when they are imported one after the other', async () => {
    const { nodeRed, context } = fixture
    const headers = { 'content-type': 'application/json' }
    await fetch(`${nodeRed.url}/flows`, { method: 'POST', headers, body: '[]' })
    const editor = await Editor.open(context, nodeRed.url)
    const [first, ...others] = readdirSync(EXAMPLES)
      .filter((file) => /^[1-5]/.test(file))
      .map((file) => basename(file, '.json'))
      .sort()
    await editor.importExample(`${first}`)
    const [account] = await editor.nodes('8x8-account')
    await editor.change(`${account?.id}`, { region: 'europe' })
    for (const name of others) await editor.importExample(name, true)
    assert.equal((await editor.nodes('8x8-inbound')).length, 5)
    assert.deepEqual(
      (await editor.nodes('8x8-account')).map(({ id }) => id),
      [account?.id],
    )
    assert.equal((await editor.stored(`${account?.id}`)).region, 'europe')
    await editor.page.close()
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))
})
