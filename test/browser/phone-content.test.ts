import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { findViolations } from './axe'
import { type Fixture, startFixture } from './browser'
import { ACCOUNT, FLOWS, type Kind } from './phone-flow'

describe('what the phone shows of a reply', function () {
  this.timeout(60_000)
  let fixture: Fixture
  let phone: Page
  /** Requests to other hosts. */
  const foreign: string[] = []

  before(async () => {
    fixture = await startFixture(FLOWS)
    phone = await fixture.context.newPage()
    phone.on('request', (request) => {
      if (!request.url().startsWith(fixture.nodeRed.url)) foreign.push(request.url())
    })
    await phone.goto(`${fixture.nodeRed.url}/8x8-sandbox/${ACCOUNT}/`)
    await phone.getByText('connected', { exact: true }).waitFor()
  })

  after(() => fixture?.close())

  /** The flow's message of a kind. */
  async function show(kind: Kind): Promise<Locator> {
    const replies = phone.locator('.message.brand')
    const next = replies.nth(await replies.count())
    await phone.getByLabel('Message of the customer').fill(`show ${kind}`)
    await phone.keyboard.press('Enter')
    await next.waitFor()
    return next
  }

  /** Presses something with the keyboard. @returns the `content` that the flow gets */
  async function press(what: Locator, title: string): Promise<unknown> {
    await what.press('Enter')
    await phone.locator('.message', { hasText: `You said: ${title}` }).waitFor()
    const pressed = phone.locator('.message.customer').last()
    assert.match(`${await pressed.textContent()}`, new RegExp(title))
    const umid = (await pressed.getAttribute('id'))?.replace('message-', '')
    const read = `fetch('./webhook?umid=${umid}').then((answer) => answer.json())`
    const { payload } = (await phone.evaluate(read)) as { payload: Record<string, unknown> }
    assert.equal(payload.type, 'Interactive')
    return payload.content
  }

  const button = (message: Locator, name: string) => message.getByRole('button', { name })

  for (const [kind, ...texts] of [
    ['image', 'shoes.jpg', 'image · www.example.com', 'Our new shoes'],
    ['file', 'invoice 1.pdf', 'file · www.example.com'],
    ['audio', 'hello.mp3', 'audio · www.example.com · 12 s'],
    ['location', 'Our office', 'Main St · 1.285651, 103.847564'],
    ['buttons', 'Our shop', 'How may we help?', 'We answer at once', 'A <b>person</b>'],
    ['link', 'Your parcel has left.', 'Track it', 'Opens www.example.com'],
    ['flow', 'Tell us what you think.', 'Interactive: flow'],
    ['template', 'Template order_shipped (en_US)', 'Order 12345', 'Template as JSON'],
    ['product', 'Interactive: product', '"product_retailer_id": "shoe-1"'],
  ] as const) {
    it(`is, for the kind "${kind}", ${texts.join(', ')}`, async () => {
      const message = await show(kind)
      for (const text of texts) await message.getByText(text).first().waitFor()
    })
  }

  it('is a link that tells another site nothing', async () => {
    for (const link of await phone.locator('.message a').all()) {
      assert.match(`${await link.getAttribute('href')}`, /^https:\/\/www\.example\.com\//)
      assert.equal(await link.getAttribute('rel'), 'noopener noreferrer')
      assert.equal(await link.getAttribute('target'), '_blank')
    }
  })

  it('is no link where the URL is a script', async () => {
    const message = await show('video')
    await message.getByText('javascript:alert(1)').waitFor()
    assert.equal(await message.locator('a').count(), 0)
  })

  it('is buttons, which the flow gets by id', async () => {
    const message = await show('buttons')
    assert.deepEqual(await press(button(message, 'My order'), 'My order'), {
      interactive: { type: 'button_reply', button_reply: { id: 'order', title: 'My order' } },
    })
    const pressed = phone.locator('.message.customer').last()
    await pressed.locator('.quote', { hasText: 'Our shop' }).waitFor()
  })

  it('is a list to open, whose rows the flow gets by id', async () => {
    const message = await show('list')
    await message.getByText('Choose a time').press('Enter')
    await message.getByText('Tuesday').waitFor()
    assert.deepEqual(await press(button(message, 'Morning'), 'Morning'), {
      interactive: {
        type: 'list_reply',
        list_reply: { id: 'slot-1', title: 'Morning', description: '9 to 12' },
      },
    })
  })

  it('is the quick replies of a template, which the flow gets by payload', async () => {
    const message = await show('template')
    const content = await press(button(message, 'stop-news'), 'stop-news')
    assert.deepEqual(content, { text: 'stop-news', payload: 'stop-news' })
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      it(`keeps to WCAG 2.1 AA, ${colorScheme}, at ${width} px`, async () => {
        await phone.setViewportSize({ width, height: 800 })
        await phone.emulateMedia({ colorScheme })
        await openAll()
        const wide = await phone.evaluate('document.documentElement.scrollWidth')
        assert.ok(Number(wide) <= width, `${wide} px wide`)
        assert.deepEqual(await findViolations(phone), [])
      })
    }
  }

  it('moves nothing where the user wants less motion', async () => {
    const animation = "getComputedStyle(document.querySelector('#dots i')).animationName"
    assert.notEqual(await phone.evaluate(animation), 'none')
    await phone.emulateMedia({ reducedMotion: 'reduce' })
    assert.equal(await phone.evaluate(animation), 'none')
  })

  describe('on RCS', () => {
    before(async () => {
      await phone.getByRole('tab', { name: 'Ben' }).click()
      await phone.getByText('RCS ·').waitFor()
    })

    it('is suggestions, which the flow gets by postback data', async () => {
      const message = await show('suggestions')
      await message.getByText('Dials +6500000009').waitFor()
      const link = message.getByRole('link', { name: 'Opens www.example.com' })
      assert.equal(await link.getAttribute('href'), 'https://www.example.com/shop')
      const reply = await press(button(message, 'I need help'), 'I need help')
      assert.deepEqual(reply, { text: 'I need help', postbackData: 'help_request' })
      const action = await press(button(message, 'Call us'), 'Call us')
      assert.deepEqual(action, { text: 'Call us', postbackData: 'call_action' })
    })

    it('is a rich card with its suggestions', async () => {
      const message = await show('card')
      for (const text of ['shoes.jpg', 'New year, new shoes?', 'Plus a free gait analysis.']) {
        await message.getByText(text).waitFor()
      }
      await button(message, 'Not interested').waitFor()
      const content = await press(button(message, 'Show them'), 'Show them')
      assert.deepEqual(content, { text: 'Show them', postbackData: 'shoes' })
    })

    it('is a carousel with its suggestions', async () => {
      const message = await show('carousel')
      await message.getByRole('group', { name: '2 cards' }).waitFor()
      const content = await press(button(message, 'More on jungles'), 'More on jungles')
      assert.deepEqual(content, { text: 'More on jungles', postbackData: 'jungles' })
    })

    it('keeps to WCAG 2.1 AA', async () => {
      await openAll()
      assert.deepEqual(await findViolations(phone), [])
    })

    it('loads nothing from another host, and meets no error', () => {
      assert.deepEqual([foreign, fixture.errors], [[], []])
    })
  })

  /** Shows all that is folded. */
  async function openAll(): Promise<void> {
    await phone.evaluate(`
      for (const each of document.querySelectorAll('details')) each.open = true
      for (const each of document.querySelectorAll('.more[aria-expanded=false]')) each.click()`)
  }
})
