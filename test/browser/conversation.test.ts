import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'
import { type Fixture, startFixture } from './browser'
import { Editor, openSections } from './editor'

const at = (x: number, y: number) => ({ z: 'tab', x, y, wires: [[], []] })

const FLOWS = [
  { id: 'tab', type: 'tab', label: '1' },
  { id: 'account', type: '8x8-account', subAccountId: 'my_sub', region: 'europe' },
  { id: 'sandbox', type: '8x8-account', subAccountId: 'my_sub', region: 'sandbox' },
  { id: 'inbound', type: '8x8-inbound', account: 'account', path: '/8x8/inbound', ...at(500, 80) },
  { id: 'other', type: 'http in', url: '8x8/Inbound-2/', method: 'post', ...at(500, 160) },
  { id: 'reply', type: '8x8-reply', account: 'account', ...at(500, 240) },
  { id: 'interim', type: '8x8-reply', account: 'account', typing: 'keep', ...at(500, 320) },
]

describe('the dialogs of a conversation', function () {
  this.timeout(60_000)
  let fixture: Fixture
  let editor: Editor

  before(async () => {
    fixture = await startFixture(FLOWS)
    await fixture.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    editor = await Editor.open(fixture.context, fixture.nodeRed.url)
  })

  after(() => fixture?.close())

  const cancel = () => editor.close('node-dialog-cancel')

  const copied = () => editor.page.evaluate(() => navigator.clipboard.readText())

  /** The first words of what is wrong with a node. */
  const reasons = async (id: string) => {
    const marked = (await editor.nodes()).find((node) => node.id === id)
    return (marked?.validationErrors ?? []).map((reason) => reason.split(':')[0])
  }

  const fixed = async (id: string, field: string, value: string) =>
    editor.change(id, { [field]: value, [`${field}Type`]: 'str' })

  describe('inbound', () => {
    const warnings = (tray: Locator) => tray.locator('.eight-warning:visible').allTextContents()

    it('proposes a path that no other node has', async () => {
      const { page } = editor
      await page.locator('#red-ui-palette-header-8x8').scrollIntoViewIfNeeded()
      const entry = page.locator('.red-ui-palette-node[data-palette-type="8x8-inbound"]')
      await entry.scrollIntoViewIfNeeded()
      for (const y of [100, 200]) {
        await entry.dragTo(page.locator('#red-ui-workspace-chart'), {
          targetPosition: { x: 200, y },
        })
      }
      const found = (await editor.nodes('8x8-inbound')).map(async ({ id }) => {
        const { path } = await editor.stored(id)
        return path
      })
      assert.deepEqual((await Promise.all(found)).sort(), [
        ...['/8x8/inbound', '/8x8/inbound-3', '/8x8/inbound-4'],
      ])
    })

    it('shows and copies the URL for 8x8, and warns that 8x8 cannot reach it', async () => {
      const tray = await editor.edit('inbound')
      const url = `${fixture.nodeRed.url}/8x8/inbound`
      assert.equal(await tray.locator('#eight-inbound-url').inputValue(), url)
      await tray.locator('#eight-inbound-copy').click()
      assert.equal(await copied(), url)
      await tray.locator('#node-input-path').fill('/8x8/other')
      assert.match(await tray.locator('#eight-inbound-url').inputValue(), /\d\/8x8\/other$/)
      const [warning = '', ...more] = await warnings(tray)
      assert.match(warning, /cannot reach 127\.0\.0\.1/)
      assert.deepEqual(more, [])
      await cancel()
    })

    it('warns of a path that another node has', async () => {
      const tray = await editor.edit('inbound')
      await tray.locator('#node-input-path').fill('/8x8/inbound-2')
      assert.match(`${await warnings(tray)}`, /Another node has this path/)
      await cancel()
    })

    it('says that without authentication anyone can write to the flow', async () => {
      const tray = await editor.edit('inbound')
      await tray.locator('#node-input-authentication').selectOption('none')
      assert.match(`${await warnings(tray)}`, /Anyone who knows the URL/)
      assert.ok(!(await tray.getByText('Enter the Webhook authorization').isVisible()))
      await cancel()
    })

    it('asks for nothing in 8x8 Connect where the account is a sandbox', async () => {
      const tray = await editor.edit('inbound')
      await tray.locator('#node-input-account').selectOption('sandbox')
      await tray.getByText('The account is a sandbox').waitFor()
      assert.ok(!(await tray.locator('#eight-inbound-url').isVisible()))
      await cancel()
    })

    for (const [field, wrong, right] of [
      ['path', '8x8/inbound', '/8x8/inbound'],
      ['path', '/8x8-sandbox/mine', '${INBOUND_PATH}'],
      ['authentication', 'oauth', 'none'],
      ['subAccounts', 'my_sub; other_sub', 'my_sub, other_sub'],
      ['collect', 'soon', '1.5'],
    ] as const) {
      it(`marks the ${field} "${wrong}", but not "${right}"`, async () => {
        await editor.change('inbound', { [field]: wrong })
        assert.equal((await reasons('inbound')).length, 1)
        await editor.change('inbound', { [field]: right })
        assert.deepEqual(await reasons('inbound'), [])
      })
    }
  })

  describe('reply', () => {
    it('is named by what it does with the dots', async () => {
      const labels = await editor.page.locator('.red-ui-flow-node-label').allTextContents()
      for (const label of ['reply', 'interim reply']) assert.ok(labels.includes(label), label)
    })

    it('has nothing wrong when it is new', async () => {
      assert.deepEqual(await reasons('reply'), [])
    })

    for (const [field, wrong, right, reason] of [
      ['content', '', 'Thank you!', 'Content'],
      ['to', '12345', ' +6500000000 ', 'To'],
      ['channel', 'fax', 'LINE', 'Channel'],
      ['subAccountId', 'no spaces', '', 'Sub-account'],
      ['umid', '12345', '{cf3cbbf5-3e2d-ea11-815d-020897df5459}', 'Umid'],
    ] as const) {
      it(`marks the ${field} "${wrong}", but not "${right}"`, async () => {
        await fixed('reply', field, wrong)
        assert.deepEqual(await reasons('reply'), [reason])
        await fixed('reply', field, right)
        assert.deepEqual(await reasons('reply'), [])
      })
    }

    it('stores what was chosen, without what was pasted around it', async () => {
      const tray = await editor.edit('reply')
      await tray.locator('#node-input-typing').selectOption('keep')
      await openSections(tray)
      await tray.locator('#node-input-quote').check()
      await editor.close('node-dialog-ok')
      const { typing, quote, to, umid, channel } = await editor.stored('reply')
      assert.deepEqual(
        { typing, quote, to, umid, channel },
        {
          typing: 'keep',
          quote: true,
          to: '+6500000000',
          umid: 'cf3cbbf5-3e2d-ea11-815d-020897df5459',
          channel: 'line',
        },
      )
    })
  })

  describe('account', () => {
    const field = (tray: Locator) => tray.locator('#node-config-input-webhookAuthorization')

    it('offers a random authorization to copy, and shows it once', async () => {
      let tray = await editor.editConfig('8x8-account', 'account')
      await openSections(tray)
      const generated = tray.locator('#eight-account-generated')
      assert.ok(!(await generated.isVisible()))
      await tray.locator('#eight-account-generate').click()
      const value = await generated.inputValue()
      assert.match(value, /^Bearer [\w-]{43}$/)
      assert.equal(await field(tray).inputValue(), value)
      await tray.locator('#eight-account-copy').click()
      assert.equal(await copied(), value)
      await tray.locator('#eight-account-generate').click()
      assert.notEqual(await generated.inputValue(), value)
      await field(tray).fill('Bearer my own')
      await generated.waitFor({ state: 'hidden' })
      await tray.locator('#node-config-input-apiKey').fill('key')
      await editor.close('node-config-dialog-ok')
      await editor.deploy()
      await editor.load()
      tray = await editor.editConfig('8x8-account', 'account')
      assert.equal(await field(tray).inputValue(), '__PWRD__')
      assert.ok(await field(tray).isVisible(), 'the section is open where there is a value')
      assert.ok(!(await generated.isVisible()))
      await editor.close('node-config-dialog-cancel')
    })

    it('leaves a bad authorization marked when it is closed', async () => {
      const tray = await editor.editConfig('8x8-account', 'account')
      await field(tray).fill('Bärer')
      await editor.close('node-config-dialog-ok')
      assert.deepEqual(await reasons('account'), ['Webhook authorization'])
    })
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))
})
