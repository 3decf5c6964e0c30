import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { type Fixture, startFixture } from './browser'
import { Editor } from './editor'

const at = (y: number) => ({ x: 200, y, wires: [[], []] })
const INBOUND = { type: '8x8-inbound', z: 'tab' }
const ACCOUNT = { type: '8x8-account', subAccountId: 'my_sub' }

const FLOWS = [
  { id: 'tab', type: 'tab', label: '1' },
  { id: 'trial', ...ACCOUNT, region: 'sandbox' },
  { id: 'live', ...ACCOUNT, region: 'europe' },
  { id: 'either', ...ACCOUNT, region: '${REGION}' },
  { id: 'tries', ...INBOUND, account: 'trial', path: '/tries', ...at(80) },
  { id: 'serves', ...INBOUND, account: 'live', path: '/serves', ...at(160) },
  { id: 'depends', ...INBOUND, account: 'either', path: '/depends', ...at(240) },
  { id: 'template', type: 'subflow', name: 'bot', in: [], out: [] },
  { id: 'inner', ...ACCOUNT, z: 'template', region: 'sandbox' },
  { id: 'instance', type: 'subflow:template', z: 'tab', x: 500, y: 80 },
]

const ROOTS = { httpAdminRoot: '/admin', httpNodeRoot: '/api' }

/** The addresses that a page has opened since it was loaded. */
const openedIn = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { opened: string[] }).opened)

const DEPLOY_FIRST = 'Deploy first: the phone shows the account as it is deployed.'

describe('the phone of a sandbox account', function () {
  this.timeout(60_000)
  let fixture: Fixture
  let editor: Editor
  let page: Page

  before(async () => {
    fixture = await startFixture(FLOWS, { REGION: 'sandbox' }, ROOTS)
    const { context, nodeRed } = fixture
    // As text: tsx would give functions a helper that the page does not have.
    await context.addInitScript('opened = []; open = (url) => { opened.push(url) }')
    editor = await Editor.open(context, `${nodeRed.url}/admin/`)
    page = editor.page
  })

  after(() => fixture?.close())

  beforeEach(() => editor.load())

  const buttonOf = (node: string) => page.locator(`#${node} .red-ui-flow-node-button`)

  const press = (node: string) => buttonOf(node).locator('.red-ui-flow-node-button-button').click()

  const opened = () => openedIn(page)

  const urlOf = (account: string) => `${fixture.nodeRed.url}/api/8x8-sandbox/${account}/`

  async function chooseRegion(account: string, region: string): Promise<void> {
    const dialog = await editor.editConfig('8x8-account', account)
    await dialog.locator('#node-config-input-region').selectOption(region)
    await editor.close('node-config-dialog-ok')
  }

  it('is opened by the button of an inbound node', async () => {
    await press('tries')
    await press('depends')
    assert.deepEqual(await opened(), [urlOf('trial'), urlOf('either')])
  })

  it('has no button on an inbound node whose account is live', async () => {
    await buttonOf('tries').waitFor()
    await buttonOf('serves').waitFor({ state: 'hidden' })
    await page.evaluate("RED.view.clickNodeButton(RED.nodes.node('serves'))") // as the outline does
    await page.getByText('No phone: only an account with the region Sandbox has one.').waitFor()
    assert.deepEqual(await opened(), [])
  })

  it('has a button as soon as the account becomes a sandbox, and none when it goes live', async () => {
    await chooseRegion('live', 'sandbox')
    await chooseRegion('trial', 'europe')
    await buttonOf('serves').waitFor()
    await buttonOf('tries').waitFor({ state: 'hidden' })
    await press('serves')
    await page.getByText(DEPLOY_FIRST).waitFor()
    assert.deepEqual(await opened(), [])
  })

  it('waits for a deploy of an inbound node that was changed', async () => {
    await editor.change('tries', { name: 'changed' })
    await press('tries')
    await page.getByText(DEPLOY_FIRST).waitFor()
    assert.deepEqual(await opened(), [])
  })

  it('is opened from the dialog of the account, one in a subflow, too', async () => {
    for (const account of ['trial', 'inner']) {
      const dialog = await editor.editConfig('8x8-account', account)
      await dialog.getByRole('button', { name: 'Open the phone' }).click()
      await editor.close('node-config-dialog-cancel')
    }
    assert.deepEqual(await opened(), [urlOf('trial'), urlOf('inner')])
  })

  it('waits for a deploy of a new account, and of another region', async () => {
    for (const account of ['_ADD_', 'live']) {
      const dialog = await editor.editConfig('8x8-account', account)
      const button = dialog.getByRole('button', { name: 'Open the phone' })
      await button.waitFor({ state: 'hidden' })
      await dialog.locator('#node-config-input-region').selectOption('sandbox')
      await button.click()
      const notice = page.getByText(DEPLOY_FIRST)
      await notice.click()
      await notice.waitFor({ state: 'detached' })
      await dialog.locator('#node-config-input-region').selectOption('europe')
      await button.waitFor({ state: 'hidden' })
      await editor.close('node-config-dialog-cancel')
    }
    assert.deepEqual(await opened(), [])
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))

  it('is below the prefix that a proxy puts before the editor, and so is the URL for 8x8', async () => {
    const { context, nodeRed } = fixture
    await context.route(/\/prefix\//, (route, request) =>
      route.continue({ url: request.url().replace('/prefix/', '/') }),
    )
    const prefixed = await Editor.open(context, `${nodeRed.url}/prefix/admin/`)
    const account = await prefixed.editConfig('8x8-account', 'trial')
    await account.getByRole('button', { name: 'Open the phone' }).click()
    await prefixed.close('node-config-dialog-cancel')
    assert.deepEqual(await openedIn(prefixed.page), [
      `${nodeRed.url}/prefix/api/8x8-sandbox/trial/`,
    ])
    const inbound = await prefixed.edit('serves')
    const url = inbound.locator('#eight-inbound-url')
    assert.equal(await url.inputValue(), `${nodeRed.url}/prefix/api/serves`)
  })
})

describe('without HTTP nodes', function () {
  this.timeout(60_000)
  let fixture: Fixture
  let editor: Editor

  before(async () => {
    fixture = await startFixture(FLOWS, { REGION: 'sandbox' }, { httpNodeRoot: false })
    editor = await Editor.open(fixture.context, fixture.nodeRed.url)
  })

  after(() => fixture?.close())

  it('the dialogs say that 8x8 reaches no node, and that there is no phone', async () => {
    const inbound = await editor.edit('serves')
    await inbound.getByText('8x8 cannot reach this node: HTTP nodes are switched off').waitFor()
    await editor.close('node-dialog-cancel')
    const account = await editor.editConfig('8x8-account', 'trial')
    await account.getByRole('button', { name: 'Open the phone' }).click()
    await editor.page.getByText('There is no phone: HTTP nodes are switched off').waitFor()
  })
})
