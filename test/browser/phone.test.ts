import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { findViolations } from './axe'
import { type Fixture, startFixture } from './browser'
import { Editor } from './editor'

const EXAMPLE = '1 Quick start in the sandbox'
/** ms that an indicator lives in this test; example 1 works for 8 s. */
const LIFETIME = 3000

/** What a new user does: import the example, deploy, open the phone, say hello. */
describe('the phone in a browser', function () {
  this.timeout(120_000)
  let fixture: Fixture
  let phone: Page

  before(async () => {
    // Any page may call and read the routes of Node-RED 5, as those of Node-RED 4 anyway.
    const httpAdminCors = { origin: '*', methods: 'GET,PUT,POST,DELETE' }
    const env = { SANDBOX_8X8_LIFETIME_MS: `${LIFETIME}` }
    fixture = await startFixture([], env, { httpAdminCors })
  })

  after(() => fixture?.close())

  it('is there after an import of example 1 and a deploy', async () => {
    const { context, nodeRed } = fixture
    const editor = await Editor.open(context, nodeRed.url)
    await editor.importExample(EXAMPLE)
    const [typing] = await editor.nodes('8x8-typing-indicator')
    // Shorter than the lifetime, as the node renews real ones before they expire.
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

  it('shows what the API does when it is set to refuse', async () => {
    await phone.locator('#fault').selectOption('unauthorized')
    await phone.locator('#text').fill('And now?')
    await phone.keyboard.press('Enter')
    await phone.locator('#requests li').first().getByText('401').waitFor()
    await phone.locator('#fault').selectOption('none')
  })

  it('says when a message was not taken, and keeps what was typed', async () => {
    const text = phone.locator('#text')
    const problem = phone.locator('#problem')
    const errors = fixture.errors.length
    await phone.route('**/messages', (route) =>
      route.fulfill({ status: 429, json: { error: 'More than 20 messages in 10 s' } }),
    )
    await text.fill('Too much')
    await phone.keyboard.press('Enter')
    await problem.getByText('was not taken: More than 20 messages in 10 s').waitFor()
    assert.equal(await text.inputValue(), 'Too much')
    await phone.unroute('**/messages')
    fixture.errors.splice(errors) // the browser's own, of the 429

    await phone.route('**/messages', () => {}) // nobody answers
    await phone.keyboard.press('Enter')
    await problem.getByText('no answer within 10 s').waitFor()
    assert.equal(await text.inputValue(), 'Too much')
    await phone.unroute('**/messages')

    await phone.keyboard.press('Enter')
    await phone.getByText('Too much', { exact: true }).waitFor()
    assert.equal(await text.inputValue(), '')
    await problem.waitFor({ state: 'hidden' })
  })

  it('keeps the newest message in view when the screen gets smaller', async () => {
    const size = phone.viewportSize()
    const chat = phone.locator('#chat')
    const below = () => chat.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)
    await phone.locator('#text').fill('A long question. '.repeat(20))
    await phone.keyboard.press('Enter')
    await phone.locator('.message', { hasText: 'A long question.' }).waitFor()
    await phone.setViewportSize({ width: 360, height: 480 })
    await frames()
    assert.ok((await below()) < 2, `${await below()} px are below the screen`)
    // Whoever reads further up is left there.
    await chat.evaluate((box) => box.scrollTo(0, 0))
    await frames()
    await phone.setViewportSize({ width: 360, height: 640 })
    await frames()
    assert.equal(await chat.evaluate((box) => box.scrollTop), 0)
    await phone.setViewportSize(size ?? { width: 1280, height: 800 })
  })

  /** Resolves when the page has laid out and shown what changed. */
  const frames = () =>
    phone.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    )

  it('shows the active simulated error again when another one was not accepted', async () => {
    const fault = phone.locator('#fault')
    const errors = fixture.errors.length
    await phone.route('**/fault', (route) => route.fulfill({ status: 500, json: {} }))
    await fault.selectOption('down')
    await phone.locator('#fault-problem').getByText('500').waitFor()
    assert.equal(await fault.inputValue(), 'none')
    await phone.unroute('**/fault')
    fixture.errors.splice(errors)
  })

  it('connects again when it has heard nothing for 30 s', async () => {
    const page = await fixture.context.newPage()
    await page.clock.install()
    await page.goto(phone.url())
    await page.getByText('connected', { exact: true }).waitFor()
    const again = page.waitForRequest('**/events')
    await page.clock.fastForward(30_000)
    await again
    await page.clock.fastForward(2000)
    await page.getByText('connected', { exact: true }).waitFor()
    await page.close()
  })

  it('gives its connection up while it is hidden: a browser has six for a host', async () => {
    const pages: Page[] = []
    for (let count = 1; count <= 7; count++) {
      const page = await fixture.context.newPage()
      pages.push(page)
      await page.goto(phone.url())
      await page.getByText('connected', { exact: true }).waitFor()
      await page.getByText('Too much', { exact: true }).waitFor()
      await setHidden(page, true)
    }
    const [first] = pages as [Page]
    await phone.locator('#text').fill('All of you')
    await phone.keyboard.press('Enter')
    await phone.getByText('All of you', { exact: true }).waitFor()
    assert.equal(await first.getByText('All of you', { exact: true }).count(), 0)
    await setHidden(first, false)
    await first.getByText('All of you', { exact: true }).waitFor()
    await first.locator('#text').fill('From the first')
    await first.keyboard.press('Enter')
    await phone.getByText('From the first', { exact: true }).waitFor()
    await Promise.all(pages.map((page) => page.close()))
  })

  it('is neither read nor written, and no connection tested, by a page of another origin', async () => {
    const errors = fixture.errors.length
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html>')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const page = await fixture.context.newPage()
    const { port } = server.address() as AddressInfo
    for (const host of ['localhost', '127.0.0.1']) {
      await page.goto(`http://${host}:${port}/`)
      const found = await readFromElsewhere(page, phone.url(), fixture.nodeRed.url)
      // Node-RED's own route shows that nothing else stood in the way.
      const refused = { events: 'error', messages: 'error', test: 'error' }
      assert.deepEqual(found, { ...refused, stock: 200 })
    }
    assert.equal(await phone.getByText('From elsewhere').count(), 0)
    await page.close()
    server.close()
    fixture.errors.splice(errors)
  })

  it('met no error', () => assert.deepEqual(fixture.errors, []))

  it('comes back with the new state after a deploy', async () => {
    const url = `${fixture.nodeRed.url}/flows`
    const flows: { type: string; customerName?: string }[] = await (await fetch(url)).json()
    for (const node of flows) if (node.type === '8x8-sandbox') node.customerName = 'Bea'
    const headers = { 'content-type': 'application/json' }
    await fetch(url, { method: 'POST', headers, body: JSON.stringify(flows) })
    await phone.getByText('Bea').first().waitFor()
    await phone.getByText('connected', { exact: true }).waitFor()
  })
})

/** A tab in the background: a browser without a window shows all of them. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(
    `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`,
  )
}

/** What a page learns of each request to another origin: a status, or only that it failed. */
function readFromElsewhere(page: Page, phone: string, root: string): Promise<unknown> {
  const text = JSON.stringify({ text: 'From elsewhere' })
  return page.evaluate(`(async () => {
    const read = (url, body) => fetch(url, body && {
      method: 'POST', headers: { 'content-type': 'application/json' }, body
    }).then(({ status }) => status, () => 'error')
    return {
      events: await read('${phone}events'),
      messages: await read('${phone}messages', '${text}'),
      test: await read('${root}/8x8-account/other/test', '{"region":"sandbox"}'),
      stock: await read('${root}/settings')
    }
  })()`)
}
