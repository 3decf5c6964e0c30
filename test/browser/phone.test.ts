import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/chromium'
import {
  findPort,
  linkPackage,
  makeUserDir,
  type NodeRed,
  PACKAGE,
  removeUserDir,
  startNodeRed,
} from '../../scripts/node-red'

const ROOT = join(__dirname, '..', '..')
const EXAMPLE = '1 Quick start in the sandbox'
/** ms that an indicator lives in this test; example 1 works for 8 s. */
const LIFETIME = 3000
/** WCAG 2.1 AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']

/** What this test uses of the editor, from inside it. */
interface Editor {
  nodes: {
    eachNode(visit: (node: Record<string, unknown>) => void): void
    dirty(dirty: boolean): void
  }
}
type Globals = { RED: Editor; axe: { run(options: object): Promise<Findings> } }
type Findings = { violations: { id: string; nodes: { html: string }[] }[] }

/** What a new user does: import the example, deploy, open the phone, say hello. */
describe('the phone in a browser', function () {
  this.timeout(120_000)
  let userDir: string
  let nodeRed: NodeRed
  let browser: Browser
  let context: BrowserContext
  let phone: Page
  const errors: string[] = []

  before(async () => {
    userDir = await makeUserDir()
    await linkPackage(userDir, ROOT)
    const env = { SANDBOX_8X8_LIFETIME_MS: `${LIFETIME}` }
    nodeRed = await startNodeRed(userDir, await findPort(21_890), env)
    browser = await launchChromium()
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, bypassCSP: false })
    context.on('console', (message) => {
      if (message.type() === 'error') errors.push(`${message.location().url}: ${message.text()}`)
    })
    context.on('weberror', (error) => errors.push(`${error.error()}`))
  })

  after(async () => {
    await browser?.close()
    await nodeRed?.stop()
    await removeUserDir(userDir)
  })

  it('is there after an import of example 1 and a deploy', async () => {
    const editor = await context.newPage()
    await editor.goto(nodeRed.url)
    await editor.locator('#red-ui-header-button-deploy').waitFor()
    await importExample(editor)
    const id = await editor.evaluate(() => {
      const { RED } = globalThis as unknown as Globals
      let sandbox = ''
      RED.nodes.eachNode((node) => {
        // Shorter than the lifetime, as the node's own rhythm is for real ones.
        if (node.type === '8x8-typing-indicator') node.renewEvery = '2'
        if (node.type === '8x8-sandbox') sandbox = `${node.id}`
      })
      return sandbox
    })
    assert.notEqual(id, '')
    await editor.locator('#red-ui-header-button-deploy').click()
    await editor.getByText('Successfully deployed').first().waitFor()
    phone = await context.newPage()
    await phone.goto(`${nodeRed.url}/8x8-sandbox/${id}/`)
    await phone.getByText('connected', { exact: true }).waitFor()
  })

  it('shows the dots within 1 s, beyond one expiry, until the reply', async () => {
    const dots = phone.locator('#dots')
    await phone.getByLabel('Message of the customer').fill('Hello <b>you</b>')
    await phone.keyboard.press('Enter')
    await dots.waitFor({ state: 'visible', timeout: 1000 })
    await phone.getByText('Hello <b>you</b>', { exact: true }).waitFor()
    const end = Date.now() + LIFETIME + 1500
    while (Date.now() < end) {
      assert.ok(await dots.isVisible(), 'the dots went before the reply')
      await phone.waitForTimeout(100)
    }
    const reply = phone.locator('.message.brand')
    await reply.waitFor({ timeout: 10_000 })
    await dots.waitFor({ state: 'hidden', timeout: 1000 })
    assert.equal(await phone.locator('.message.customer.is-read').count(), 1)
    assert.ok((await phone.locator('#requests li').count()) >= 2)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      it(`keeps to WCAG 2.1 AA, ${colorScheme}, at ${width} px`, async () => {
        await phone.setViewportSize({ width, height: 800 })
        await phone.emulateMedia({ colorScheme })
        const wide = await phone.evaluate('document.documentElement.scrollWidth')
        assert.ok(Number(wide) <= width, `${wide} px wide`)
        await phone.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'))
        const found = await phone.evaluate((tags) => {
          const { axe } = globalThis as unknown as Globals
          const options = { runOnly: { type: 'tag', values: tags } }
          return axe.run(options)
        }, TAGS)
        assert.deepEqual(
          found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
          [],
        )
      })
    }
  }

  it('shows what the API does when it is told to refuse', async () => {
    await phone.locator('#trouble').selectOption('unauthorized')
    await phone.locator('#text').fill('And now?')
    await phone.keyboard.press('Enter')
    await phone.locator('#requests li').first().getByText('401').waitFor()
    await phone.locator('#trouble').selectOption('none')
  })

  it('met no error', () => assert.deepEqual(errors, []))

  it('comes back with the new state after a deploy', async () => {
    const url = `${nodeRed.url}/flows`
    const flows: { type: string; customerName?: string }[] = await (await fetch(url)).json()
    for (const node of flows) if (node.type === '8x8-sandbox') node.customerName = 'Bea'
    const headers = { 'content-type': 'application/json' }
    await fetch(url, { method: 'POST', headers, body: JSON.stringify(flows) })
    await phone.getByText('Bea').first().waitFor()
    await phone.getByText('connected', { exact: true }).waitFor()
  })
})

/** By the menu, as a user does. */
async function importExample(editor: Page): Promise<void> {
  await editor.locator('#red-ui-header-button-sidemenu').click()
  await editor.locator('#menu-item-import').click()
  const dialog = editor.locator('#red-ui-clipboard-dialog')
  await dialog
    .locator('#red-ui-clipboard-dialog-tab-examples, a:has-text("Examples")')
    .first()
    .click()
  for (const entry of [PACKAGE, EXAMPLE]) await dialog.getByText(entry, { exact: true }).click()
  await editor.locator('#red-ui-clipboard-dialog-ok').click()
  await editor.getByText('Imported:').waitFor() // on a tab of its own, which does not come to the front
}
