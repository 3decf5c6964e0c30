import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'
import { readCatalog, readWords, SETS } from '../support/catalogs'
import { findViolations } from './axe'
import { type Fixture, startFixture } from './browser'
import { Editor, openSections } from './editor'

const at = (x: number, y: number) => ({ z: 'tab', x, y, wires: [[], []] })

/** Every dialog with all its fields, a node that is wrong, and one of the core to compare with. */
const FLOWS = [
  { id: 'tab', type: 'tab', label: '1' },
  { id: 'account', type: '8x8-account', subAccountId: 'my_sub', region: 'custom', baseUrl: '' },
  { id: 'typing', type: '8x8-typing-indicator', account: 'account', action: 'msg', ...at(200, 80) },
  {
    id: 'start',
    type: '8x8-typing-indicator',
    account: 'account',
    action: 'start',
    ...at(200, 160),
  },
  { id: 'wrong', type: '8x8-typing-indicator', umid: '', ...at(500, 160) },
  {
    id: 'always',
    type: '8x8-typing-indicator',
    account: 'account',
    channel: 'whatsapp',
    channelType: 'str',
    ...at(500, 80),
  },
  { id: 'inbound', type: '8x8-inbound', account: 'account', ...at(200, 320) },
  { id: 'reply', type: '8x8-reply', account: 'account', ...at(200, 400) },
  { id: 'trial', type: '8x8-account', subAccountId: 'my_sub', region: 'sandbox' },
  { id: 'tries', type: '8x8-inbound', account: 'trial', path: '/tries', ...at(200, 240) },
  { id: 'core', type: 'http request', ...at(500, 240) },
]

const DIALOGS = ['typing', 'inbound', 'tries', 'reply', 'account', 'trial'] as const
type Dialog = (typeof DIALOGS)[number]

/** Those that are dialogs of accounts. */
const isAccount = (dialog: string) => dialog === 'account' || dialog === 'trial'

/** A key of a catalog, as it would be seen without its text. */
const KEY =
  /\b(label|section|unit|tip|warn|check|status|placeholder|region|action|node|output|test)\.[a-z]+/

const squeeze = (text: string) => text.replace(/\s/g, '')

describe('the dialogs', function () {
  this.timeout(90_000)
  let fixture: Fixture

  before(async () => {
    fixture = await startFixture(FLOWS)
  })

  after(() => fixture?.close())

  const open = (editor: Editor, dialog: Dialog | 'core'): Promise<Locator> =>
    isAccount(dialog) ? editor.editConfig('8x8-account', dialog) : editor.edit(dialog)

  const close = (editor: Editor, dialog: string) =>
    editor.close(isAccount(dialog) ? 'node-config-dialog-cancel' : 'node-dialog-cancel')

  /** What there is to read in a part of the page: texts, options, placeholders and tooltips. */
  function textsOf(part: Locator): Promise<string[]> {
    return part.evaluate((root) => {
      const found: string[] = []
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const texts =
          node instanceof Element
            ? [node.getAttribute('placeholder'), node.getAttribute('title')]
            : [node.textContent]
        for (const text of texts) if (text?.trim()) found.push(text.trim())
      }
      return found
    })
  }

  const catalogs = (language: string) => SETS.map((set) => readCatalog(set, language))

  for (const language of ['ja', 'de']) {
    it(`speak ${language}, and nothing else`, async () => {
      const editor = await Editor.open(fixture.context, fixture.nodeRed.url, language)
      const { page } = editor
      const status = readCatalog('typing-indicator', language).get('status.check.account')
      await page.locator('#red-ui-workspace-chart').getByText(`${status}`).first().waitFor()
      const seen: string[] = []
      for (const part of ['#red-ui-palette', '#red-ui-workspace-chart']) {
        seen.push(...(await textsOf(page.locator(part))))
      }
      for (const dialog of DIALOGS) {
        seen.push(...(await textsOf((await open(editor, dialog)).locator('.red-ui-tray-body'))))
        await close(editor, dialog)
      }
      for (const node of await editor.nodes()) seen.push(...(node.validationErrors ?? []))
      const translated = new Set(catalogs(language).flatMap((catalog) => [...catalog.values()]))
      for (const catalog of catalogs('en-US')) {
        for (const [key, text] of catalog) {
          assert.ok(translated.has(text) || !seen.includes(text), `${key}: ${text}`)
        }
      }
      assert.deepEqual(
        seen.filter((text) => KEY.test(text)),
        [],
      )
      // The palette breaks a name into lines.
      const together = squeeze(seen.join(''))
      const [account, inbound, typing, reply] = catalogs(language)
      for (const text of [
        ...[
          ...['label.region', 'region.europe', 'section.limits', 'unit.deadline', 'tip.apiKey'],
          ...['tip.sandbox', 'label.open'],
        ].map((key) => account?.get(key)),
        ...['type', 'tip.url', 'warn.host', 'tip.sandbox', 'authentication.none'].map((key) =>
          inbound?.get(key)?.replace('__host__', '127.0.0.1'),
        ),
        ...['type', 'node.reply', 'label.quote', 'typing.keep'].map((key) => reply?.get(key)),
        ...[
          'type',
          'node.start',
          'label.umid',
          'unsupported.pass',
          'placeholder.conversation',
          'status.check.account',
          'check.umidMissing',
        ].map((key) => typing?.get(key)),
      ]) {
        assert.ok(together.includes(squeeze(`${text}`)), text)
      }
      for (const set of SETS) {
        const [, first = ''] = /<p>([^<.。]*)/.exec(readWords(set, language, 'html')) ?? []
        assert.ok(first)
        await editor.showHelp(`8x8-${set}`, first.replace(/\s+/g, ' ').trim())
      }
      await page.close()
    })
  }

  describe('in English', () => {
    let editor: Editor

    before(async () => {
      editor = await Editor.open(fixture.context, fixture.nodeRed.url)
    })

    it('name the nodes on the canvas by what they do', async () => {
      const labels = await editor.page.locator('.red-ui-flow-node-label').allTextContents()
      for (const label of ['typing', 'keep typing', 'typing: WhatsApp', '/tries']) {
        assert.ok(labels.includes(label), `${label} of ${labels}`)
      }
    })

    it('show the default of what a flow leaves out', async () => {
      const tray = await editor.edit('start')
      for (const [field, value] of [
        ['initialDelay', '0'],
        ['renewEvery', ''],
        ['maxDuration', '300'],
      ]) {
        assert.equal(await tray.locator(`#node-input-${field}`).inputValue(), value, field)
      }
      await close(editor, 'start')
    })

    const typeInto = (tray: Locator, field: string, text: string) =>
      tray
        .locator(`.form-row:has(#node-input-${field}) .red-ui-typedInput-container input:visible`)
        .fill(text)

    const reasons = async (id: string) => {
      const node = (await editor.nodes()).find((each) => each.id === id)
      return (node?.validationErrors ?? []).map((reason) => reason.split(':')[0])
    }

    it('store values without what was typed or pasted around them', async () => {
      const { page } = editor
      const dialog = await open(editor, 'account')
      await dialog.locator('#node-config-input-region').selectOption('europe')
      await dialog.locator('#node-config-input-subAccountId').fill(' my_sub ')
      await dialog.locator('#node-config-input-apiKey').fill(' bearer key ')
      await editor.close('node-config-dialog-ok')
      const account = await editor.stored('account')
      assert.equal(account.subAccountId, 'my_sub')
      assert.equal((account.credentials as { apiKey: string }).apiKey, 'key')
      assert.deepEqual(await reasons('account'), [])
      const umid = 'cf3cbbf5-3e2d-ea11-815d-020897df5459'
      await editor.change('typing', { umid: '', umidType: 'str' })
      const tray = await open(editor, 'typing')
      await openSections(tray)
      await typeInto(tray, 'umid', ` {${umid}} `)
      await typeInto(tray, 'conversation', ' customer ')
      await editor.close('node-dialog-ok')
      const typing = await editor.stored('typing')
      assert.equal(typing.umid, umid)
      assert.equal(typing.umidType, 'str')
      assert.equal(typing.conversation, 'customer')
      const marked = (await editor.nodes()).find(({ id }) => id === 'typing')
      assert.equal(marked?.valid, true, `${marked?.validationErrors}`)
      // As it was, for the tests below.
      await open(editor, 'account')
      await page.locator('#node-config-input-region').selectOption('custom')
      await editor.close('node-config-dialog-ok')
    })

    it('leave a bad key marked when they are closed', async () => {
      await open(editor, 'account')
      await editor.page.locator('#node-config-input-apiKey').fill('two words')
      await editor.close('node-config-dialog-ok')
      assert.deepEqual(await reasons('account'), ['API key', 'Base URL'])
    })

    it('leave a bad webhook authorization marked when they are closed', async () => {
      const tray = await open(editor, 'trial')
      await tray.locator('#node-config-input-region').selectOption('europe')
      await tray.getByText('Webhook', { exact: true }).click()
      await tray.locator('#node-config-input-apiKey').fill('key')
      await tray.locator('#node-config-input-webhookAuthorization').fill('Bärer')
      await editor.close('node-config-dialog-ok')
      assert.deepEqual(await reasons('trial'), ['Webhook authorization'])
      await open(editor, 'trial')
      await editor.page.locator('#node-config-input-region').selectOption('sandbox')
      await editor.close('node-config-dialog-ok')
    })

    it('break no rule that the dialog of http request keeps', async () => {
      const rules = async (dialog: Dialog | 'core') => {
        await openSections(await open(editor, dialog))
        const found = await findViolations(editor.page, '.red-ui-tray-body')
        await close(editor, dialog)
        return found
      }
      const core = (await rules('core')).map(([rule]) => rule)
      for (const dialog of DIALOGS) {
        const found = await rules(dialog)
        assert.deepEqual(
          found.filter(([rule]) => !core.includes(rule)),
          [],
          dialog,
        )
      }
    })

    it('have no field that the keyboard does not reach', async () => {
      const { page } = editor
      for (const dialog of DIALOGS) {
        const tray = await open(editor, dialog)
        await openSections(tray)
        const fields = tray.locator(
          '.red-ui-tray-body form :is(input, select, button, summary):visible:not([disabled])',
        )
        const wanted = await fields.evaluateAll((all) =>
          all.map((field, index) => {
            field.setAttribute('data-number', `${index}`)
            return field.outerHTML
          }),
        )
        const reached = new Set<string>()
        await tray.locator('input').first().focus()
        for (let presses = 0; presses < 80; presses++) {
          reached.add(
            await page.evaluate(() => `${document.activeElement?.getAttribute('data-number')}`),
          )
          await page.keyboard.press('Tab')
        }
        assert.ok(wanted.length > 3)
        assert.deepEqual(
          wanted.filter((_field, index) => !reached.has(`${index}`)),
          [],
          dialog,
        )
        await close(editor, dialog)
      }
    })

    it('show the outcome of a test on a low screen', async () => {
      const { page } = editor
      const size = page.viewportSize()
      await page.setViewportSize({ width: 1280, height: 500 })
      const tray = await open(editor, 'account')
      await tray.locator('#eight-account-test').click()
      const outcome = tray.locator('#eight-account-test-result').filter({ hasText: 'Not tested' })
      const bottom = await outcome.evaluate((element) => element.getBoundingClientRect().bottom)
      const { y = 0 } = (await tray.locator('.red-ui-tray-footer').boundingBox()) ?? {}
      assert.ok(bottom < y + 1, `${bottom} > ${y}`)
      await close(editor, 'account')
      await page.setViewportSize(size ?? { width: 1280, height: 900 })
    })

    it('fit into a tray of 360 px', async () => {
      for (const dialog of DIALOGS) {
        const tray = await open(editor, dialog)
        await openSections(tray)
        const wide = await tray.evaluate((element: HTMLElement) => {
          element.style.width = '360px'
          const parts = [...element.querySelectorAll('.form-row *, .form-tips, summary')]
          const right = Math.max(...parts.map((part) => part.getBoundingClientRect().right))
          return right - element.getBoundingClientRect().right
        })
        assert.ok(wide <= 0, `${dialog}: ${wide} px too wide`)
        await close(editor, dialog)
      }
    })
  })

  it('keep each label left of its field, in the language with the longest words', async () => {
    const editor = await Editor.open(fixture.context, fixture.nodeRed.url, 'ru')
    for (const dialog of DIALOGS) {
      const tray = await open(editor, dialog)
      await openSections(tray)
      const wide = await tray
        .locator('.form-row > label:visible')
        .evaluateAll((all) =>
          all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent),
        )
      assert.deepEqual(wide, [], dialog)
      await close(editor, dialog)
    }
    await editor.page.close()
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))
})
