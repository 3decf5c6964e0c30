import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Locator, Page } from 'playwright-core'
import { Sandbox } from '../../nodes/lib/sandbox/server'
import { deployFlows, readAdmin } from '../../scripts/admin'
import { QUICK_START } from '../../scripts/demo'
import type { NodeRed } from '../../scripts/node-red'
import { postWebhook } from '../../scripts/webhooks'
import { CANARY, UMID } from '../support/events'
import { refusedPort, startServer, type TestServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'
import { type Fixture, startFixture } from './browser'
import { Editor, openSections } from './editor'

const SUB_ACCOUNT = 'browser_sub'

type Flow = { id: string; type: string; wires?: string[][]; [property: string]: unknown }

/** Somebody who adds the node for the first time, and never reads the README. */
describe('the first use in the editor', function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let fixture: Fixture
  let nodeRed: NodeRed
  let editor: Editor
  /** Of the node from the palette. */
  let id: string

  before(async () => {
    sandbox = await Sandbox.start()
    sandbox.addSubAccount(SUB_ACCOUNT, CANARY)
    const inject = {
      ...{ id: 'inject', type: 'inject', z: 'tab', x: 120, y: 300, wires: [[]], repeat: '' },
      props: [
        { p: 'umid', v: UMID, vt: 'str' },
        { p: 'channel', v: 'WhatsApp', vt: 'str' },
      ],
    }
    const env = { BROWSER_KEY: CANARY, BROWSER_SUB: SUB_ACCOUNT }
    fixture = await startFixture([{ id: 'tab', type: 'tab', label: 'Shop' }, inject], env)
    nodeRed = fixture.nodeRed
    editor = await Editor.open(fixture.context, nodeRed.url)
  })

  after(async () => {
    await fixture?.close()
    await sandbox?.close()
  })

  async function typing() {
    const [node] = await editor.nodes('8x8-typing-indicator')
    assert.ok(node)
    return node
  }

  const field = (name: string) => editor.page.locator(`#node-config-input-${name}`)

  async function test(): Promise<string> {
    await editor.page.locator('#eight-account-test').click()
    const result = editor.page.locator('#eight-account-test-result')
    await result.filter({ hasNotText: 'Testing…' }).filter({ hasText: /./ }).waitFor()
    return `${await result.textContent()}`
  }

  it('drags the node from the palette: it says that it has no account', async () => {
    const { page } = editor
    const category = page.locator('#red-ui-palette-header-8x8')
    await category.scrollIntoViewIfNeeded()
    const entry = page.locator('.red-ui-palette-node[data-palette-type="8x8-typing-indicator"]')
    await entry.scrollIntoViewIfNeeded()
    await entry.dragTo(page.locator('#red-ui-workspace-chart'), {
      targetPosition: { x: 350, y: 150 },
    })
    const node = await typing()
    id = node.id
    assert.equal(node.valid, false)
    assert.match(node.validationErrors?.join('\n') ?? '', /Account/)
    const triangle = page.locator(`.red-ui-flow-node-group[id="${id}"] .red-ui-flow-node-error`)
    await triangle.hover()
    await page.locator('.red-ui-flow-port-tooltip').filter({ hasText: 'Account' }).waitFor()
  })

  it('is warned when it deploys that', async () => {
    const { page } = editor
    await page.locator('#red-ui-header-button-deploy').click()
    await page.getByText('not properly configured').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).last().click()
  })

  it('shows the fields that each action has a use for', async () => {
    const tray = await editor.edit(id)
    // Each section by its title, open or closed, before the labels in it.
    const visible: Record<string, string[]> = {}
    for (const action of ['send', 'start', 'stop', 'msg']) {
      await tray.locator('#node-input-action').selectOption(action)
      await openSections(tray)
      const labels = tray.locator(':is(summary, .form-row > label):visible')
      visible[action] = (await labels.allTextContents()).map((text) => text.trim())
    }
    const common = ['Name', 'Account', 'Action', 'Message to answer', 'Umid', 'Channel']
    const unsupported = [...common, 'Unsupported', 'Sub-account', 'Received at']
    const timing = ['Timing', 'Initial delay', 'Renew every', 'Max. duration']
    assert.deepEqual(visible, {
      send: unsupported,
      start: [...unsupported, 'Conversation', ...timing],
      stop: [...common, 'Sub-account', 'Conversation'],
      msg: [...unsupported, 'Conversation', ...timing],
    })
    await tray.locator('#node-input-action').selectOption('send')
  })

  it('opens the dialog of a new account, which marks what is missing, with a reason', async () => {
    const { page } = editor
    await page.locator('#node-input-btn-account-add').click()
    await page.locator('#node-config-dialog-ok').waitFor()
    await editor.tray()
    await field('region').selectOption('europe')
    assert.equal(
      await page.locator('#eight-account-region-url').textContent(),
      'https://chatapps.8x8.uk',
    )
    await field('subAccountId').fill('no spaces')
    await marked(field('subAccountId'), 'Sub-account: 3 to 50')
    await field('apiKey').fill('two words')
    await marked(field('apiKey'), 'API key: only')
    await editor.page.getByText('Limits', { exact: true }).click()
    await field('timeout').fill('soon')
    await marked(field('timeout'), 'Timeout: more than 0')
    // What JavaScript takes for a number, and the runtime does not.
    await field('timeout').fill('1e1')
    await marked(field('timeout'), 'Timeout: more than 0')
    await field('maxInFlight').fill('0x10')
    await marked(field('maxInFlight'), 'Max. in flight: a whole')
    await field('maxInFlight').fill('64')
    await field('timeout').fill('5')
    await field('region').selectOption('custom')
    await field('baseUrl').fill('http://example.com')
    await marked(field('baseUrl'), 'Base URL: https://')
    await field('region').selectOption('sandbox')
    assert.ok(!(await field('apiKey').isVisible()))
    await field('region').selectOption('custom')
  })

  async function marked(input: Locator, reason: string): Promise<void> {
    await input.blur()
    await input.and(editor.page.locator('.input-error')).waitFor()
    await input.hover()
    const popover = editor.page.locator('.red-ui-popover').getByText(reason)
    await popover.waitFor()
    await editor.page.mouse.move(0, 0)
    await popover.waitFor({ state: 'hidden' })
  }

  it('tests the connection before it is deployed, and says what is wrong with what is typed', async () => {
    await field('baseUrl').fill(sandbox.url)
    assert.equal(await test(), 'Not tested. Correct this first: Sub-account.')
    await field('subAccountId').fill('${BROWSER_NOT_SET}')
    assert.match(await test(), /BROWSER_NOT_SET is not set/)
  })

  it('reports a wrong API key', async () => {
    await field('subAccountId').fill(SUB_ACCOUNT)
    await field('apiKey').fill('wrong')
    assert.match(await test(), /^8x8 refused the API key/)
  })

  it('reports a sub-account of another account', async () => {
    await field('apiKey').fill(CANARY)
    await field('subAccountId').fill('not_mine')
    assert.match(await test(), /the sub-account does not belong/)
  })

  it('reports a host that does not answer', async () => {
    await field('baseUrl').fill(`http://127.0.0.1:${await refusedPort()}`)
    assert.match(await test(), /^No connection to 127\.0\.0\.1:/)
  })

  it('reports a working connection, by the keyboard too', async () => {
    await field('baseUrl').fill(sandbox.url)
    await field('subAccountId').fill(SUB_ACCOUNT)
    assert.match(await test(), /^Connection OK/)
    await field('timeout').fill('4')
    await editor.page.locator('#eight-account-test-result').waitFor({ state: 'hidden' })
    await editor.page.locator('#eight-account-test').focus()
    await editor.page.keyboard.press('Enter')
    await editor.page.getByText('Connection OK').waitFor()
  })

  it('saves the account and the node, and deploys them: nothing is wrong any more', async () => {
    await editor.close('node-config-dialog-ok')
    await editor.close('node-dialog-ok')
    assert.deepEqual((await typing()).validationErrors, [])
    // Only until the deploy does the editor have the key.
    assert.ok(!(await editor.exported()).includes(CANARY))
    await editor.deploy()
    assert.deepEqual(
      (await editor.nodes()).filter(({ valid }) => !valid),
      [],
    )
  })

  it('never gets the key back: not in the page, the flows, an export', async () => {
    await editor.load()
    const [account] = await editor.nodes('8x8-account')
    assert.ok(account)
    await editor.editConfig('8x8-account', account.id)
    assert.equal(await field('apiKey').inputValue(), '__PWRD__')
    const headers = { accept: 'application/json' }
    const answers = [`/flows`, `/credentials/8x8-account/${account.id}`].map(async (path) =>
      (await fetch(nodeRed.url + path, { headers })).text(),
    )
    const page = await editor.page.content()
    for (const text of [page, await editor.exported(), ...(await Promise.all(answers))]) {
      assert.ok(text.length > 2)
      assert.ok(!text.includes(CANARY))
    }
  })

  it('tests with the stored key, but not to another host', async () => {
    assert.match(await test(), /^Connection OK/)
    const before = sandbox.requests.length
    await field('baseUrl').fill(sandbox.url.replace('127.0.0.1', 'localhost'))
    assert.match(await test(), /^Enter the API key/)
    assert.equal(sandbox.requests.length, before)
    await editor.close('node-config-dialog-cancel')
  })

  it('takes key and sub-account from the environment when the flow runs', async () => {
    const [account] = await editor.nodes('8x8-account')
    await editor.editConfig('8x8-account', `${account?.id}`)
    await field('apiKey').fill('${BROWSER_KEY}')
    await field('subAccountId').fill('${BROWSER_SUB}')
    assert.equal(await editor.page.locator('.red-ui-tray .input-error').count(), 0)
    assert.match(await test(), /^Connection OK/)
    await editor.close('node-config-dialog-ok')
    await editor.deploy()
    await change((flows) => {
      for (const node of flows) if (node.id === 'inject') node.wires = [[id]]
    })
    sandbox.receive({ subAccountId: SUB_ACCOUNT, channel: 'whatsapp', msisdn: '+6590000000' })
    const shown = once(sandbox, 'typing')
    await inject()
    await shown
    await editor.load()
    await editor.page.getByText('sent', { exact: true }).waitFor()
  })

  it('works in a subflow, with the umid as a property of it', async () => {
    const { umid } = sandbox.receive({
      subAccountId: SUB_ACCOUNT,
      channel: 'rcs',
      msisdn: '+6590000001',
    })
    const [account] = await editor.nodes('8x8-account')
    await change((flows) => {
      flows.push(
        {
          id: 'subflow',
          type: 'subflow',
          name: 'with dots',
          in: [{ x: 50, y: 30, wires: [{ id: 'inner' }] }],
          out: [],
          env: [{ name: 'UMID', type: 'str', value: '' }],
        },
        {
          id: 'inner',
          type: '8x8-typing-indicator',
          z: 'subflow',
          x: 150,
          y: 30,
          wires: [[], []],
          account: account?.id,
          action: 'send',
          umid: 'UMID',
          umidType: 'env',
          channel: 'rcs',
          channelType: 'str',
        },
        {
          id: 'instance',
          type: 'subflow:subflow',
          z: 'tab',
          x: 350,
          y: 300,
          wires: [],
          env: [{ name: 'UMID', type: 'str', value: umid }],
        },
      )
      for (const node of flows) if (node.id === 'inject') node.wires = [['instance']]
    })
    const shown = once(sandbox, 'typing')
    await inject()
    await shown
    assert.deepEqual(sandbox.requests.at(-1)?.body, { channel: 'rcs', type: 'typing', umid })
    await editor.load()
    await editor.edit('inner')
    assert.equal(await editor.page.locator('.red-ui-tray .input-error').count(), 0)
    await editor.close('node-dialog-cancel')
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))

  /** Deploys what another editor might have changed. */
  async function change(edit: (flows: Flow[]) => void): Promise<void> {
    const flows = await readAdmin<Flow[]>(nodeRed, '/flows')
    edit(flows)
    await deployFlows(nodeRed, flows)
  }

  async function inject(): Promise<void> {
    await fetch(`${nodeRed.url}/inject/inject`, { method: 'POST' })
  }
})

/** Somebody who imports example 1, tries it on the phone, and goes live with it. */
describe('the quick start, from the import to a live flow', function () {
  this.timeout(60_000)
  let eight: TestServer
  let fixture: Fixture
  let editor: Editor
  let phone: Page

  before(async () => {
    eight = await startServer((response, { path }) => {
      response.setHeader('content-type', 'application/json')
      response.end(path.endsWith('/messages') ? JSON.stringify({ umid: UMID }) : '')
    })
    fixture = await startFixture()
    editor = await Editor.open(fixture.context, fixture.nodeRed.url)
  })

  after(async () => {
    await fixture?.close()
    await eight?.close()
  })

  const idOf = async (type: string) => {
    const [node] = await editor.nodes(type)
    assert.ok(node)
    return node.id
  }

  const button = async () =>
    editor.page.locator(`[id="${await idOf('8x8-inbound')}"] .red-ui-flow-node-button`)

  async function deploy(): Promise<void> {
    const deployed = fixture.nodeRed.deployed()
    await editor.deploy()
    await deployed
  }

  const chooseCustomer = (name: string) => phone.getByRole('tab', { name }).click()

  async function write(text: string): Promise<void> {
    await phone.getByLabel('Message of the customer').fill(text)
    await phone.getByRole('button', { name: 'Send' }).click()
  }

  const reply = (text: string) => phone.locator('.message.business', { hasText: text }).last()

  it('imports the example and deploys it: nothing is wrong', async () => {
    await editor.importExample(QUICK_START)
    await deploy()
    const wrong = (await editor.nodes()).filter(({ valid }) => !valid)
    assert.deepEqual(wrong, [])
  })

  it('opens the phone by the button of the inbound node', async () => {
    const { page } = editor
    await page.locator('#red-ui-workspace-tabs').getByText('Quick start').click()
    const opened = fixture.context.waitForEvent('page')
    await (await button()).locator('.red-ui-flow-node-button-button').click()
    phone = await opened
    await phone.getByText('connected', { exact: true }).waitFor()
  })

  it('writes as Ana, and as Chi, who has no phone number: both see dots, then the answer', async () => {
    for (const name of ['Ana', 'Chi']) {
      await chooseCustomer(name)
      await write(`Hello, here is ${name}`)
      await phone.locator('#dots').waitFor()
    }
    for (const name of ['Chi', 'Ana']) {
      await chooseCustomer(name)
      await phone.locator('.message.customer', { hasText: `here is ${name}` }).waitFor()
      await reply('Your order is on its way.').waitFor()
      await phone.locator('#dots').waitFor({ state: 'hidden' })
    }
  })

  it('sends a button, and gets what the customer pressed', async () => {
    const message = {
      type: 'interactive',
      content: {
        interactive: {
          type: 'button',
          body: { text: 'How can we help?' },
          action: { buttons: [{ type: 'reply', reply: { id: 'order', title: 'My order' } }] },
        },
      },
    }
    const to = `selected ? "You chose " & selected.id : ${JSON.stringify(message)}`
    const rules = [{ t: 'set', p: 'payload', pt: 'msg', to, tot: 'jsonata' }]
    await editor.change(await idOf('change'), { rules })
    await editor.change(await idOf('delay'), { timeout: '1' })
    await deploy()
    await write('Hello again')
    await reply('How can we help?').getByRole('button', { name: 'My order' }).click()
    await reply('You chose order').waitFor()
    await phone.close()
  })

  it('goes live by the account alone: the same flow answers 8x8, and nobody else', async () => {
    const tray = await editor.editConfig('8x8-account', await idOf('8x8-account'))
    const fill = (name: string, value: string) =>
      tray.locator(`#node-config-input-${name}`).fill(value)
    await tray.locator('#node-config-input-region').selectOption('custom')
    await openSections(tray)
    await fill('baseUrl', eight.url)
    await fill('subAccountId', SUB_ACCOUNT)
    await fill('apiKey', CANARY)
    await tray.locator('#eight-account-generate').click()
    const authorization = await tray.locator('#eight-account-generated').inputValue()
    await editor.close('node-config-dialog-ok')
    await deploy()
    await (await button()).waitFor({ state: 'hidden' })

    const dialog = await editor.edit(await idOf('8x8-inbound'))
    const url = await dialog.locator('#eight-inbound-url').inputValue()
    await editor.close('node-dialog-cancel')
    const user = { channelUserId: 'US.13491208655302741918', username: 'chi' }
    const webhook = inboundWebhook({ payload: { subAccountId: SUB_ACCOUNT, user } })
    for (const wrong of [undefined, 'Bearer wrong']) {
      assert.equal(await postWebhook(url, webhook, wrong), 401)
    }
    assert.equal(await postWebhook(url, webhook, authorization), 200)
    await editor.page.getByText('sent', { exact: true }).waitFor()
    const calls = eight.received.map(({ path, headers }) => [path, headers.authorization])
    const path = `/api/v1/subaccounts/${SUB_ACCOUNT}`
    assert.deepEqual(calls, [
      [`${path}/events`, `Bearer ${CANARY}`],
      [`${path}/messages`, `Bearer ${CANARY}`],
    ])
    const { user: to } = JSON.parse(`${eight.received[1]?.body}`)
    assert.deepEqual(to, { channelUserId: user.channelUserId })
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))
})
