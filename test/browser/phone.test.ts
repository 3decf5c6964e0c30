import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page, Route } from 'playwright-core'
import { type Fixture, startFixture } from './browser'
import { ACCOUNT, FLOWS, SECOND } from './phone-flow'

/** ms that an indicator lives in this test; the flow works for 5 s. */
const LIFETIME = 3000

describe('the phone in a browser', function () {
  this.timeout(120_000)
  let fixture: Fixture
  let phone: Page
  const toSandbox = (route: Route): unknown => route.continue()
  /** Answers what the page posts. */
  let answer = toSandbox

  before(async () => {
    // Any page may call and read the routes of Node-RED 5, as those of Node-RED 4 anyway.
    const httpAdminCors = { origin: '*', methods: 'GET,PUT,POST,DELETE' }
    const env = { SANDBOX_8X8_LIFETIME_MS: `${LIFETIME}` }
    fixture = await startFixture(FLOWS, env, { httpAdminCors })
    phone = await fixture.context.newPage()
    // Once, before the page loads: right after a change of routes, a request may escape them.
    await phone.route(/\/(messages|fault)$/, (route) => answer(route))
    await phone.goto(`${fixture.nodeRed.url}/8x8-sandbox/${ACCOUNT}/`)
    await connected()
  })

  after(() => fixture?.close())

  const connected = (page = phone) => page.getByText('connected', { exact: true }).waitFor()

  const says = (text: string, page = phone) =>
    page.locator('.message', { hasText: text }).last().waitFor()

  const tab = (name: string, page = phone) => page.getByRole('tab', { name })

  async function write(text: string, page = phone): Promise<void> {
    await page.getByLabel('Message of the customer').fill(text)
    await page.keyboard.press('Enter')
  }

  async function deploy(flows: object[]): Promise<void> {
    await fetch(`${fixture.nodeRed.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(flows),
    })
  }

  /** The page without what the browser itself reports of failed requests. */
  async function expectingErrors(work: () => Promise<void>): Promise<void> {
    const errors = fixture.errors.length
    await work()
    fixture.errors.splice(errors)
  }

  /** Answers what the page posts in place of the sandbox while `work` runs. */
  async function answering(instead: typeof answer, work: () => Promise<void>): Promise<void> {
    answer = instead
    try {
      await work()
    } finally {
      answer = toSandbox
    }
  }

  describe('a conversation', () => {
    it('shows the dots within 1 s, beyond one expiry, until the reply', async () => {
      const dots = phone.locator('#dots')
      await write('Hello <b>you</b>')
      await dots.waitFor({ state: 'visible', timeout: 1000 })
      await phone.getByText('Hello <b>you</b>', { exact: true }).waitFor()
      const end = Date.now() + LIFETIME + 1000
      while (Date.now() < end) {
        assert.ok(await dots.isVisible(), 'the dots went before the reply')
        await phone.waitForTimeout(100)
      }
      await phone.locator('.message.business').waitFor({ timeout: 10_000 })
      await dots.waitFor({ state: 'hidden', timeout: 1000 })
      assert.equal(await phone.locator('.message.customer.is-read').count(), 1)
      assert.ok((await phone.locator('#requests li').count()) >= 2)
    })

    it('shows the message that a reply quotes, and leads to it', async () => {
      const reply = phone.locator('.message.business')
      await reply.getByText('Hello <b>you</b>').click()
      assert.match(await focused(), /Hello <b>you<\/b>/)
    })

    it('leads from a request to its message, and shows body and response', async () => {
      const [request] = await phone.locator('#requests li').filter({ hasText: 'Message' }).all()
      assert.ok(request)
      await request.getByRole('button', { name: 'It is on its way.' }).press('Enter')
      assert.match(await focused(), /It is on its way\./)
      await request.getByText('Body and response').press('Enter')
      const [body, response] = await request.locator('pre').allTextContents()
      assert.equal(JSON.parse(`${body}`).content.text, 'It is on its way.')
      assert.equal(JSON.parse(`${response}`).status.state, 'queued')
    })

    it('says how far a reply has come, and delivers its receipt again', async () => {
      const reply = phone.locator('.message.business')
      await reply.getByRole('button', { name: 'Details' }).press('Enter')
      await reply.getByText('Last receipt: read.').waitFor()
      const outcome = reply.locator('[role=status]', { hasText: 'took it' })
      await outcome.waitFor()
      await reply.getByRole('button', { name: 'Deliver again' }).press('Enter')
      await outcome.waitFor()
    })

    it('says that an inbound node takes a message once', async () => {
      const message = phone.locator('.message.customer').first()
      await message.getByRole('button', { name: 'Details' }).press('Enter')
      await message.getByText('“Shop” took it').waitFor()
      await message.getByRole('button', { name: 'Deliver again' }).press('Enter')
      await message.getByText('“Shop” has had it before').waitFor()
    })

    it('copies the webhook, and shows it where the browser has no clipboard', async () => {
      const message = phone.locator('.message.customer').first()
      const copy = message.getByRole('button', { name: 'Copy webhook' })
      await fixture.context.grantPermissions(['clipboard-read', 'clipboard-write'])
      await copy.press('Enter')
      await message.getByText('Copied.').waitFor()
      const copied = await phone.evaluate(() => navigator.clipboard.readText())
      assert.equal(JSON.parse(copied).payload.content.text, 'Hello <b>you</b>')
      await phone.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
      await copy.press('Enter')
      const shown = message.getByLabel('Webhook as JSON')
      assert.equal(await shown.inputValue(), copied)
      assert.equal(await phone.evaluate('document.activeElement.className'), 'webhook')
    })
  })

  describe('its customers', () => {
    it('are chosen with the arrow keys, and a reload stays with one', async () => {
      await tab('Ana').focus()
      await phone.keyboard.press('ArrowRight')
      await phone.getByText('RCS · +6500000001').waitFor()
      assert.match(phone.url(), /#ben$/)
      await phone.reload()
      await phone.getByText('RCS · +6500000001').waitFor()
      await tab('Ben').focus()
      await phone.keyboard.press('End')
      await phone.getByText('WhatsApp · @chi, no phone number').waitFor()
      await phone.keyboard.press('ArrowRight')
      await phone.getByText('WhatsApp · +6500000000').waitFor()
      assert.match(await focused(), /Ana/)
    })

    it('get their answers each, also without a phone number', async () => {
      await tab('Chi').click()
      await write('I am Chi')
      await says('You said: I am Chi')
      await tab('Ben').click()
      await write('I am Ben')
      await says('You said: I am Ben')
      assert.equal(await phone.getByText('I am Chi').count(), 0)
    })

    it('show where the business is typing, and has replied meanwhile', async () => {
      await tab('Chi').click()
      await write('Hello from Chi')
      await tab('Ana').click()
      await tab('Chi WhatsApp typing').waitFor()
      await tab('Chi WhatsApp new reply').waitFor()
      await tab('Chi').click()
      await says('It is on its way.')
      await tab('Chi WhatsApp new reply').waitFor({ state: 'detached' })
      await tab('Ana').click()
    })

    it('keep what each of them has typed', async () => {
      const text = phone.locator('#text')
      await text.fill('A draft of Ana')
      await tab('Ben').click()
      assert.equal(await text.inputValue(), '')
      await tab('Ana').click()
      assert.equal(await text.inputValue(), 'A draft of Ana')
      await text.fill('')
    })

    it('begin with the first, where the URL names nobody', async () => {
      await expectingErrors(async () => {
        const page = await fixture.context.newPage()
        await page.goto(`${phone.url().replace(/#.*/, '')}#nobody`)
        await page.getByText('WhatsApp · +6500000000').waitFor()
        assert.match(page.url(), /#ana$/)
        await page.close()
      })
    })

    it('have an error of 8x8 each', async () => {
      const fault = phone.getByLabel('What 8x8 does next')
      await fault.selectOption('unauthorized')
      await write('And now?')
      await phone.locator('#requests li').first().getByText('401 key refused').waitFor()
      await tab('Ben').click()
      assert.equal(await fault.inputValue(), 'none')
      await write('And me?')
      await says('You said: And me?')
      await tab('Ana').click()
      await fault.locator('option:checked', { hasText: '401' }).waitFor({ state: 'attached' })
      await fault.selectOption('none')
    })

    it('have a chat each, which is cleared after a question', async () => {
      const clear = phone.getByRole('button', { name: 'Clear chat' }).first()
      await clear.press('Enter')
      const dialog = phone.getByRole('dialog', { name: 'Clear the chat of Ana?' })
      await dialog.waitFor()
      await phone.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await says('And now?')
      await phone.keyboard.press('Enter')
      await phone.keyboard.press('Tab')
      await phone.keyboard.press('Enter')
      await phone.locator('.message').first().waitFor({ state: 'detached' })
      assert.match(await focused(), /Clear chat/)
      await tab('Ben').click()
      await says('You said: And me?')
      await tab('Ana').click()
    })
  })

  describe('what it writes', () => {
    it('stays where it was typed when it was not taken', async () => {
      const text = phone.locator('#text')
      const problem = phone.locator('#problem')
      const tooMany = { status: 429, json: { error: 'More than 20 messages in 10 s' } }
      const refuse = (route: Route) => route.fulfill(tooMany)
      const answerNothing = () => {}
      await expectingErrors(() =>
        answering(refuse, async () => {
          await write('Too much')
          await problem.getByText('was not taken: More than 20 messages in 10 s').waitFor()
          assert.equal(await text.inputValue(), 'Too much')
        }),
      )
      await answering(answerNothing, async () => {
        await phone.keyboard.press('Enter')
        await problem.getByText('no answer within 10 s').waitFor()
        assert.equal(await text.inputValue(), 'Too much')
      })

      await phone.keyboard.press('Enter')
      await phone.getByText('Too much', { exact: true }).waitFor()
      assert.equal(await text.inputValue(), '')
      await problem.waitFor({ state: 'hidden' })
    })

    it('stays in view when the screen gets smaller', async () => {
      const size = phone.viewportSize()
      const chat = phone.locator('#chat')
      const below = () =>
        chat.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)
      await write('A long question. '.repeat(20))
      await says('You said: A long question.')
      await phone.setViewportSize({ width: 360, height: 480 })
      await frames()
      assert.ok((await below()) < 2, `${await below()} px are below the screen`)
      // A reader who has scrolled up stays there.
      await chat.evaluate((box) => box.scrollTo(0, 0))
      await frames()
      await phone.setViewportSize({ width: 360, height: 640 })
      await frames()
      assert.equal(await chat.evaluate((box) => box.scrollTop), 0)
      await phone.setViewportSize(size ?? { width: 1280, height: 800 })
    })

    it('shows the active simulated error again when another one was not accepted', async () => {
      const fault = phone.locator('#fault')
      const fail = (route: Route) => route.fulfill({ status: 500, json: {} })
      await expectingErrors(() =>
        answering(fail, async () => {
          await fault.selectOption('down')
          await phone.locator('#fault-problem').getByText('500').waitFor()
          assert.equal(await fault.inputValue(), 'none')
        }),
      )
    })
  })

  /** Resolves when the page has laid out and shown what changed. */
  const frames = () =>
    phone.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    )

  /** The text of what has the focus. */
  const focused = async () => `${await phone.evaluate('document.activeElement.textContent')}`

  describe('its connection', () => {
    it('comes back when it has heard nothing for 30 s', async () => {
      const page = await fixture.context.newPage()
      await page.clock.install()
      await page.goto(phone.url())
      await connected(page)
      const again = page.waitForRequest('**/events?*')
      await page.clock.fastForward(30_000)
      await again
      await page.clock.fastForward(2000)
      await connected(page)
      await page.close()
    })

    it('is given up while the page is hidden: a browser has six for a host', async () => {
      const pages: Page[] = []
      for (let count = 1; count <= 7; count++) {
        const page = await fixture.context.newPage()
        pages.push(page)
        await page.goto(phone.url())
        await connected(page)
        await page.getByText('Too much', { exact: true }).waitFor()
        await setHidden(page, true)
      }
      const [first] = pages as [Page]
      await write('All of you')
      await phone.getByText('All of you', { exact: true }).waitFor()
      assert.equal(await first.getByText('All of you', { exact: true }).count(), 0)
      await setHidden(first, false)
      await first.getByText('All of you', { exact: true }).waitFor()
      await write('From the first', first)
      await phone.getByText('From the first', { exact: true }).waitFor()
      await Promise.all(pages.map((page) => page.close()))
    })

    it('is neither read nor written by a page of another origin', async () => {
      await expectingErrors(async () => {
        const server = createServer((_request, response) => {
          response.setHeader('content-type', 'text/html').end('<!doctype html>')
        }).listen(0, '127.0.0.1')
        await once(server, 'listening')
        const page = await fixture.context.newPage()
        const { port } = server.address() as AddressInfo
        for (const host of ['localhost', '127.0.0.1']) {
          await page.goto(`http://${host}:${port}/`)
          const url = phone.url().replace(/#.*/, '')
          const found = await readFromElsewhere(page, url, fixture.nodeRed.url)
          // Node-RED's own route shows that nothing else stood in the way.
          const refused = { events: 'error', messages: 'error', test: 'error' }
          assert.deepEqual(found, { ...refused, stock: 200 })
        }
        assert.equal(await phone.getByText('From elsewhere').count(), 0)
        await page.close()
        server.close()
      })
    })
  })

  describe('a deploy', () => {
    before('met no error before', () => assert.deepEqual(fixture.errors, []))

    it('leaves chat, focus and what is typed, and brings a choice of inbound nodes', async () => {
      const text = phone.locator('#text')
      await text.fill('Not sent yet')
      await text.focus()
      await deploy([...FLOWS, ...SECOND])
      const select = phone.getByLabel('Writes to')
      await select.waitFor()
      await connected()
      await says('You said: All of you')
      assert.equal(await phone.evaluate('document.activeElement.id'), 'text')
      assert.equal(await text.inputValue(), 'Not sent yet')
      assert.deepEqual(await select.locator('option').allTextContents(), ['Second', 'Shop'])
      await select.selectOption('Second')
      await write('Who are you?')
      await says('Second here')
    })

    it('without an inbound node says so, and marks what is not delivered', async () => {
      await deploy(FLOWS.filter(({ id }) => id !== 'inbound'))
      await phone.getByText('No inbound node uses this account').first().waitFor()
      await connected()
      await write('Anybody there?')
      await phone.getByText('Not delivered. No inbound node uses this account.').waitFor()
    })

    it('without any node of ours ends the phone, and says what to do', async () => {
      await deploy(FLOWS)
      await phone.locator('#no-inbound').waitFor({ state: 'hidden' })
      await connected()
      await write('show buttons')
      await says('How may we help?')
      await deploy(FLOWS.filter(({ type }) => !/^8x8-(inbound|reply|typing)/.test(type)))
      await phone.getByText('reconnecting…').waitFor()
      await phone.getByText('The phone does not answer.').waitFor()
      const send = phone.getByRole('button', { name: 'Send' })
      assert.equal(await send.getAttribute('aria-disabled'), 'true')
      const button = phone.getByRole('button', { name: 'My order', exact: true })
      assert.equal(await button.getAttribute('aria-disabled'), 'true')
      await button.press('Enter')
      await deploy(FLOWS)
      await connected()
      await says('Anybody there?')
      await phone.getByText('The phone does not answer.').waitFor({ state: 'hidden' })
      assert.equal(await phone.locator('.message.customer', { hasText: 'My order' }).count(), 0)
      await button.press('Enter')
      await says('You said: My order')
    })
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
  const message = JSON.stringify({ customer: 'ana', text: 'From elsewhere' })
  return page.evaluate(`(async () => {
    const read = (url, body) => fetch(url, body && {
      method: 'POST', headers: { 'content-type': 'application/json' }, body
    }).then(({ status }) => status, () => 'error')
    return {
      events: await read('${phone}events'),
      messages: await read('${phone}messages', '${message}'),
      test: await read('${root}/8x8-account/other/test', '{"region":"sandbox"}'),
      stock: await read('${root}/settings')
    }
  })()`)
}
