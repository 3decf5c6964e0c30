import assert from 'node:assert/strict'
import { readMessage } from '../../../../nodes/account/phone/page/read-content.editor'
import { deliveryText, excerptOf } from '../../../../nodes/account/phone/page/words.editor'
import type { PhoneMessage } from '../../../../nodes/account/phone/state'

const UMID = 'cf3cbbf5-3e2d-ea11-815d-020897df5459'

function business(type: string, content: unknown): PhoneMessage {
  return { umid: UMID, from: 'business', text: JSON.stringify(content), at: 0, type, content }
}

const partsOf = (type: string, content: unknown) => readMessage(business(type, content))

describe('the parts of a message on the phone', () => {
  it('are the text of a plain message, and of what a customer pressed', () => {
    const plain: PhoneMessage = { umid: UMID, from: 'business', text: 'Hello', at: 0 }
    assert.deepEqual(readMessage(plain), [{ kind: 'text', text: 'Hello' }])
    const content = { text: 'Yes', payload: 'yes' }
    const pressed = {
      ...plain,
      from: 'customer',
      text: 'Yes',
      type: 'Interactive',
      content,
    } as const
    assert.deepEqual(readMessage(pressed), [{ kind: 'text', text: 'Yes' }])
  })

  it('are a card for a file, whatever the case of its type', () => {
    const url = 'https://www.example.com/a/b%20c.jpg?d=e'
    assert.deepEqual(partsOf('Image', { url }), [
      {
        kind: 'media',
        media: 'image',
        name: 'b c.jpg',
        facts: ['image', 'www.example.com'],
        url,
      },
    ])
  })

  for (const url of [
    'javascript:alert(1)',
    'data:text/html,hi',
    'www.example.com/a.jpg',
    5,
    null,
  ]) {
    it(`have no link to ${url}`, () => {
      for (const [type, content] of [
        ['file', { url }],
        ['interactive', { interactive: { type: 'cta_url', action: { parameters: { url } } } }],
        ['text', { text: 'a', suggestions: [{ action: { text: 'b', openUrlAction: { url } } }] }],
      ] as const) {
        assert.doesNotMatch(JSON.stringify(partsOf(type, content)), /"kind":"link"|,"url":/)
      }
    })
  }

  it('are the JSON of a type that the phone does not know', () => {
    const content = { shape: 'cube' }
    assert.deepEqual(partsOf('hologram', content), [
      { kind: 'json', summary: 'Message of type hologram', value: content },
    ])
  })

  it('are the header of an interactive message as 8x8 writes it, text or file', () => {
    const headed = (header: unknown) =>
      partsOf('interactive', { interactive: { type: 'button', header, action: {} } })[0]
    const title = { kind: 'text', text: 'Our shop', role: 'title' }
    assert.deepEqual(headed({ type: 'text', text: 'Our shop' }), title)
    assert.deepEqual(headed({ type: 'text', text: { text: 'Our shop' } }), title)
    const link = 'https://www.example.com/menu.pdf'
    assert.deepEqual(headed({ type: 'document', document: { link, filename: 'Menu' } }), {
      kind: 'media',
      media: 'file',
      name: 'Menu',
      facts: ['file', 'www.example.com'],
      url: link,
    })
  })

  it('are what a template is filled with, in any case of its types', () => {
    const parameters = [{ type: 'payload', payload: 'stop' }]
    const template = {
      name: 'news',
      components: [
        { type: 'Button', subType: 'QuickReply', index: 1, parameters },
        { type: 'Body', parameters: [{ type: 'text', text: 'Ana' }] },
        {
          type: 'carousel',
          cards: [
            {
              components: [
                {
                  type: 'header',
                  parameters: [{ type: 'image', url: 'https://www.example.com/a' }],
                },
              ],
            },
          ],
        },
      ],
    }
    const parts = partsOf('template', { template })
    assert.deepEqual(
      parts.map(({ kind }) => kind),
      ['text', 'text', 'choices', 'carousel', 'json'],
    )
    const choice = { kind: 'quick-reply', id: 'stop', title: 'stop', hint: 'Quick reply 2' }
    assert.deepEqual(parts[2], { kind: 'choices', choices: [choice] })
  })

  for (const content of [
    undefined,
    null,
    'text',
    [],
    {},
    { interactive: 5 },
    { interactive: { type: 'list', action: { sections: [null, { rows: 7 }] } } },
    { template: { components: [null, 5, { type: 'button', parameters: 'x' }] } },
    { carousel: { cards: [null, { suggestions: [{ reply: 1 }, null] }] } },
    { richCard: [] },
    { suggestions: {} },
  ]) {
    it(`can be read of ${JSON.stringify(content)}`, () => {
      for (const type of ['text', 'image', 'interactive', 'template', 'carousel', 'richCard']) {
        assert.ok(Array.isArray(partsOf(type, content)))
      }
    })
  }
})

describe('the words of the phone', () => {
  it('say what became of a message', () => {
    const text = (more: object) => deliveryText({ at: 0, outcome: 'accepted', ...more })
    assert.equal(text({ inbound: 'Shop' }), 'The inbound node “Shop” took it.')
    assert.match(text({ outcome: 'refused', statusCode: 503 }), /refused it with 503/)
    assert.match(text({ outcome: 'no-inbound' }), /No inbound node/)
  })

  it('shorten a message to one line, a file to its name', () => {
    const long = { umid: UMID, from: 'business', text: `a\n  b ${'c'.repeat(99)}`, at: 0 } as const
    assert.equal(excerptOf(long), `a b ${'c'.repeat(56)}…`)
    const url = 'https://www.example.com/a.pdf'
    assert.equal(excerptOf(business('file', { url })), 'a.pdf')
  })
})
