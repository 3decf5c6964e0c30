import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { findViolations } from './axe'
import { type Stage, setStage } from './browser'
import { Editor } from './editor'

const EXAMPLE = '1 Quick start in the sandbox'
/** ms that an indicator lives in this test; example 1 works for 8 s. */
const LIFETIME = 3000

/** What a new user does: import the example, deploy, open the phone, say hello. */
describe('the phone in a browser', function () {
  this.timeout(120_000)
  let stage: Stage
  let phone: Page

  before(async () => {
    stage = await setStage([], { SANDBOX_8X8_LIFETIME_MS: `${LIFETIME}` })
  })

  after(() => stage?.close())

  it('is there after an import of example 1 and a deploy', async () => {
    const { context, nodeRed } = stage
    const editor = await Editor.open(context, nodeRed.url)
    await editor.importExample(EXAMPLE)
    const [typing] = await editor.nodes('8x8-typing-indicator')
    // Shorter than the lifetime, as the node's own rhythm is for real ones.
    await editor.change(`${typing?.id}`, { renewEvery: '2' })
    await editor.deploy()
    const [sandbox] = await editor.nodes('8x8-sandbox')
    phone = await context.newPage()
    await phone.goto(`${nodeRed.url}/8x8-sandbox/${sandbox?.id}/`)
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
        assert.deepEqual(await findViolations(phone), [])
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

  it('met no error', () => assert.deepEqual(stage.errors, []))

  it('comes back with the new state after a deploy', async () => {
    const url = `${stage.nodeRed.url}/flows`
    const flows: { type: string; customerName?: string }[] = await (await fetch(url)).json()
    for (const node of flows) if (node.type === '8x8-sandbox') node.customerName = 'Bea'
    const headers = { 'content-type': 'application/json' }
    await fetch(url, { method: 'POST', headers, body: JSON.stringify(flows) })
    await phone.getByText('Bea').first().waitFor()
    await phone.getByText('connected', { exact: true }).waitFor()
  })
})
