import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { findViolations } from './axe'
import { type Fixture, startFixture } from './browser'
import { ACCOUNT, FLOWS, type Kind } from './phone-flow'

const WHATSAPP: readonly Kind[] = [
  ...(['image', 'file', 'audio', 'video', 'location', 'buttons', 'list'] as const),
  ...(['link', 'flow', 'template', 'product'] as const),
]
const RCS: readonly Kind[] = ['suggestions', 'card', 'carousel']

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
    await show(WHATSAPP)
  })

  after(() => fixture?.close())

  /** Makes the flow send these, all at once: the phone takes 20 messages in 10 s. */
  async function show(kinds: readonly Kind[]): Promise<void> {
    await phone.getByLabel('Message of the customer').fill(`show ${kinds.join(' ')}`)
    await phone.keyboard.press('Enter')
    await phone
      .locator('.message.business')
      .nth(kinds.length - 1)
      .waitFor()
  }

  /** The flow's message of a kind. */
  const message = (kind: Kind, kinds = WHATSAPP) =>
    phone.locator('.message.business').nth(kinds.indexOf(kind))

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

  const button = (within: Locator, name: string) => within.getByRole('button', { name })

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
    it(`is, of the kind "${kind}": ${texts.join(', ')}`, async () => {
      for (const text of texts) await message(kind).getByText(text).first().waitFor()
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
    await message('video').getByText('javascript:alert(1)').waitFor()
    assert.equal(await message('video').locator('a').count(), 0)
  })

  it('is buttons, which the flow gets by id', async () => {
    assert.deepEqual(await press(button(message('buttons'), 'My order'), 'My order'), {
      interactive: { type: 'button_reply', button_reply: { id: 'order', title: 'My order' } },
    })
    const pressed = phone.locator('.message.customer').last()
    await pressed.locator('.quote', { hasText: 'Our shop' }).waitFor()
  })

  it('is a list to open, whose rows the flow gets by id', async () => {
    const list = message('list')
    await list.getByText('Choose a time').press('Enter')
    await list.getByText('Tuesday').waitFor()
    assert.deepEqual(await press(button(list, 'Morning'), 'Morning'), {
      interactive: {
        type: 'list_reply',
        list_reply: { id: 'slot-1', title: 'Morning', description: '9 to 12' },
      },
    })
  })

  it('is the quick replies of a template, which the flow gets by payload', async () => {
    const content = await press(button(message('template'), 'stop-news'), 'stop-news')
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
      await show(RCS)
    })

    it('is suggestions, which the flow gets by postback data', async () => {
      const suggestions = message('suggestions', RCS)
      await suggestions.getByText('Dials +6500000009').waitFor()
      const link = suggestions.getByRole('link', { name: 'Opens www.example.com' })
      assert.equal(await link.getAttribute('href'), 'https://www.example.com/shop')
      const reply = await press(button(suggestions, 'I need help'), 'I need help')
      assert.deepEqual(reply, { text: 'I need help', postbackData: 'help_request' })
      const action = await press(button(suggestions, 'Call us'), 'Call us')
      assert.deepEqual(action, { text: 'Call us', postbackData: 'call_action' })
    })

    it('is a rich card with its suggestions', async () => {
      const card = message('card', RCS)
      for (const text of ['shoes.jpg', 'New year, new shoes?', 'Plus a free gait analysis.']) {
        await card.getByText(text).waitFor()
      }
      await button(card, 'Not interested').waitFor()
      const content = await press(button(card, 'Show them'), 'Show them')
      assert.deepEqual(content, { text: 'Show them', postbackData: 'shoes' })
    })

    it('is a carousel with its suggestions', async () => {
      const carousel = message('carousel', RCS)
      await carousel.getByRole('group', { name: '2 cards' }).waitFor()
      const content = await press(button(carousel, 'More on jungles'), 'More on jungles')
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
