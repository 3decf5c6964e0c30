import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'
import { type Fixture, startFixture } from './browser'
import { Editor } from './editor'

const at = (x: number, y: number) => ({ z: 'tab', x, y, wires: [[], []] })
const TYPING = { type: '8x8-typing-indicator', account: 'account' }

const FLOWS = [
  { id: 'tab', type: 'tab', label: '1' },
  { id: 'account', type: '8x8-account', subAccountId: 'my_sub', region: 'sandbox' },
  { id: 'slow', type: '8x8-account', subAccountId: 'my_sub', region: 'europe', timeout: '10' },
  { id: 'typing', ...TYPING, action: 'start', ...at(200, 80) },
  { id: 'changed', ...TYPING, action: 'start', renewEvery: '10', ...at(200, 160) },
  { id: 'typed', ...TYPING, action: 'start', channel: 'rcs', channelType: 'str', ...at(200, 240) },
  { id: 'wrong', ...TYPING, action: 'start', maxDuration: 'soon', ...at(200, 320) },
  { id: 'reply', type: '8x8-reply', account: 'account', quote: true, ...at(200, 400) },
]

describe('the sections of the dialogs', function () {
  this.timeout(60_000)
  let fixture: Fixture
  let editor: Editor

  before(async () => {
    fixture = await startFixture(FLOWS)
    editor = await Editor.open(fixture.context, fixture.nodeRed.url)
  })

  after(() => fixture?.close())

  /** The titles of those that are shown; the open ones with a +. */
  const sectionsOf = (tray: Locator) =>
    tray
      .locator('details:visible')
      .evaluateAll((all) =>
        all.map(
          (each) =>
            `${(each as HTMLDetailsElement).open ? '+' : ''}${each.querySelector('summary')?.textContent}`,
        ),
      )

  for (const [id, expected] of [
    ['typing', ['Message to answer', 'Timing']],
    ['changed', ['Message to answer', '+Timing']],
    ['typed', ['+Message to answer', 'Timing']],
    ['wrong', ['Message to answer', '+Timing']],
    ['reply', ['+Recipient']],
  ] as const) {
    it(`are open where the node ${id} differs from a new one`, async () => {
      assert.deepEqual(await sectionsOf(await editor.edit(id)), expected)
      await editor.close('node-dialog-cancel')
    })
  }

  it('are open where an account differs from a new one, and hidden where it has no use for them', async () => {
    assert.deepEqual(await sectionsOf(await editor.editConfig('8x8-account', 'slow')), [
      ...['Webhook', 'Network', '+Limits'],
    ])
    await editor.close('node-config-dialog-cancel')
    const tray = await editor.editConfig('8x8-account', 'account')
    assert.deepEqual(await sectionsOf(tray), ['Limits'])
    await tray.locator('#node-config-input-region').selectOption('europe')
    await tray.getByText('Network', { exact: true }).waitFor()
    assert.deepEqual(await sectionsOf(tray), ['Webhook', 'Network', 'Limits'])
    await editor.close('node-config-dialog-cancel')
  })

  it('are hidden where the action has no use for them', async () => {
    const tray = await editor.edit('typing')
    await tray.locator('#node-input-action').selectOption('stop')
    await tray.getByText('Timing', { exact: true }).waitFor({ state: 'hidden' })
    assert.deepEqual(await sectionsOf(tray), ['Message to answer'])
    await editor.close('node-dialog-cancel')
  })

  it('open when a value in them becomes wrong', async () => {
    const tray = await editor.edit('typing')
    await tray.locator('#node-input-maxDuration').evaluate((field: HTMLInputElement) => {
      field.value = 'soon'
      field.dispatchEvent(new Event('change', { bubbles: true }))
    })
    await tray.locator('details[open] #node-input-maxDuration.input-error').waitFor()
    await editor.close('node-dialog-cancel')
  })

  it('open and close by the keyboard', async () => {
    const tray = await editor.edit('typing')
    const { keyboard } = editor.page
    await tray.locator('#node-input-action').focus()
    await keyboard.press('Tab')
    await keyboard.press('Enter')
    assert.deepEqual(await sectionsOf(tray), ['+Message to answer', 'Timing'])
    await keyboard.press('Space')
    await keyboard.press('Tab')
    await keyboard.press('Enter')
    assert.deepEqual(await sectionsOf(tray), ['Message to answer', '+Timing'])
    await keyboard.press('Tab')
    await tray.locator('#node-input-initialDelay:focus').waitFor()
    await editor.close('node-dialog-cancel')
  })

  it('give their fields the width of the others', async () => {
    const tray = await editor.edit('typing')
    const widthOf = async (part: Locator) => Math.round((await part.boundingBox())?.width ?? 0)
    const expected = await widthOf(tray.locator('#node-input-action'))
    await tray.getByText('Message to answer').click()
    for (const field of ['umid', 'channel', 'subAccountId', 'receivedAt', 'conversation']) {
      const input = tray.locator(`#node-input-${field} + .red-ui-typedInput-container`)
      assert.ok(Math.abs((await widthOf(input)) - expected) <= 2, field)
    }
    await editor.close('node-dialog-cancel')
  })

  it('line up the labels of their fields, and keep them apart from their title', async () => {
    const tray = await editor.edit('typed')
    const starts = await tray
      .locator('.form-row:visible > label > span')
      .evaluateAll((all) => all.map((label) => Math.round(label.getBoundingClientRect().left)))
    assert.ok(starts.length > 5)
    assert.ok(Math.max(...starts) - Math.min(...starts) <= 1, `${starts}`)
    const gap = await tray.locator('details[open]').evaluate((section) => {
      const [title, row] = [...section.children].map((part) => part.getBoundingClientRect())
      return (row?.top ?? 0) - (title?.bottom ?? 0)
    })
    assert.ok(gap > 2, `${gap} px`)
    await editor.close('node-dialog-cancel')
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))
})
