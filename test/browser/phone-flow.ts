/**
 * A flow for the phone: a text that begins with "Hello" is answered, quoted, after 5 s of dots;
 * "show <kind> <kind>…" by those of {@link KINDS}; anything else by an echo.
 */

/** Messages of each kind, in the forms of 8x8's examples. */
export const KINDS = {
  image: {
    type: 'image',
    content: { url: 'https://www.example.com/shoes.jpg', text: 'Our new shoes' },
  },
  file: { type: 'file', content: { url: 'https://www.example.com/invoice%201.pdf' } },
  audio: {
    type: 'audio',
    content: { url: 'https://www.example.com/hello.mp3', audio: { duration: 12 } },
  },
  video: { type: 'video', content: { url: 'javascript:alert(1)' } },
  location: {
    type: 'location',
    content: {
      location: {
        latitude: 1.285651,
        longitude: 103.847564,
        name: 'Our office',
        address: 'Main St',
      },
    },
  },
  buttons: {
    type: 'interactive',
    content: {
      interactive: {
        type: 'button',
        header: { type: 'text', text: 'Our shop' },
        body: { text: 'How may we help?' },
        footer: { text: 'We answer at once' },
        action: {
          buttons: [
            { type: 'reply', reply: { id: 'order', title: 'My order' } },
            { type: 'reply', reply: { id: 'person', title: 'A <b>person</b>' } },
          ],
        },
      },
    },
  },
  list: {
    type: 'interactive',
    content: {
      interactive: {
        type: 'list',
        body: { text: 'When shall we call?' },
        action: {
          button: 'Choose a time',
          sections: [
            {
              title: 'Monday',
              rows: [{ id: 'slot-1', title: 'Morning', description: '9 to 12' }],
            },
            { title: 'Tuesday', rows: [{ id: 'slot-2', title: 'Evening' }] },
          ],
        },
      },
    },
  },
  link: {
    type: 'interactive',
    content: {
      interactive: {
        type: 'cta_url',
        body: { text: 'Your parcel has left.' },
        action: {
          parameters: { display_text: 'Track it', url: 'https://www.example.com/track/12345' },
        },
      },
    },
  },
  flow: {
    type: 'interactive',
    content: {
      interactive: {
        type: 'flow',
        body: { text: 'Tell us what you think.' },
        action: { parameters: { flowId: '1', flowCta: 'Share feedback' } },
      },
    },
  },
  template: {
    type: 'template',
    content: {
      template: {
        name: 'order_shipped',
        language: 'en_US',
        components: [
          { type: 'body', parameters: [{ type: 'text', text: 'Order 12345' }] },
          {
            type: 'button',
            index: '0',
            subType: 'quickreply',
            parameters: [{ type: 'payload', payload: 'stop-news' }],
          },
        ],
      },
    },
  },
  suggestions: {
    type: 'text',
    content: {
      text: 'How can we help?',
      suggestions: [
        { reply: { text: 'I need help', postbackData: 'help_request' } },
        {
          action: {
            text: 'Visit website',
            postbackData: 'website_action',
            openUrlAction: { url: 'https://www.example.com/shop' },
          },
        },
        {
          action: {
            text: 'Call us',
            postbackData: 'call_action',
            dialAction: { phoneNumber: '+6500000009' },
          },
        },
      ],
    },
  },
  card: {
    type: 'richCard',
    content: {
      richCard: {
        cardOrientation: 'vertical',
        title: 'New year, new shoes?',
        description: 'Plus a free gait analysis.',
        media: { height: 'short', contentInfo: { fileUrl: 'https://www.example.com/shoes.jpg' } },
        suggestions: [{ reply: { text: 'Show them', postbackData: 'shoes' } }],
      },
      suggestions: [{ reply: { text: 'Not interested', postbackData: 'no' } }],
    },
  },
  carousel: {
    type: 'carousel',
    content: {
      carousel: {
        cardWidth: 'medium',
        cards: [
          {
            title: 'Boat trip',
            media: { contentInfo: { fileUrl: 'https://www.example.com/boat.jpg' } },
            suggestions: [{ reply: { text: 'More on boats', postbackData: 'boats' } }],
          },
          {
            title: 'Jungle tour',
            media: { contentInfo: { fileUrl: 'https://www.example.com/jungle.mp4' } },
            suggestions: [{ reply: { text: 'More on jungles', postbackData: 'jungles' } }],
          },
        ],
      },
    },
  },
  product: {
    type: 'interactive',
    content: { interactive: { type: 'product', action: { product_retailer_id: 'shoe-1' } } },
  },
}

/** A kind of message of the flow. */
export type Kind = keyof typeof KINDS

/** The account whose phone is shown. */
export const ACCOUNT = 'account'

const SPLIT = `
const kinds = ${JSON.stringify(KINDS)}
const text = msg.payload
if (text.startsWith('Hello')) return [msg, null, null]
if (!text.startsWith('show ')) return [null, null, { ...msg, payload: 'You said: ' + text }]
return [null, text.split(' ').slice(1).map((kind) => ({ ...msg, payload: kinds[kind] })), null]`

const at = (x: number, y: number, wires: string[][]) => ({ z: 'tab', x, y, wires })
const account = ACCOUNT

/** What Node-RED loads. */
export const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Phone' },
  { id: account, type: '8x8-account', name: 'Shoes', subAccountId: 'shoe_shop', region: 'sandbox' },
  {
    ...{ id: 'inbound', type: '8x8-inbound', name: 'Shop', account },
    ...at(100, 80, [['split'], []]),
  },
  {
    ...{ id: 'split', type: 'function', func: SPLIT, outputs: 3 },
    ...at(260, 80, [['typing', 'delay'], ['reply'], ['reply']]),
  },
  {
    ...{ id: 'typing', type: '8x8-typing-indicator', account, action: 'start', renewEvery: '2' },
    ...at(420, 40, [[], []]),
  },
  {
    ...{ id: 'delay', type: 'delay', pauseType: 'delay', timeout: '5', timeoutUnits: 'seconds' },
    ...at(420, 80, [['answer']]),
  },
  {
    ...{ id: 'answer', type: 'change' },
    rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'It is on its way.', tot: 'str' }],
    ...at(580, 80, [['quoting']]),
  },
  { id: 'quoting', type: '8x8-reply', account, quote: true, ...at(740, 80, [[], []]) },
  { id: 'reply', type: '8x8-reply', account, ...at(740, 140, [[], []]) },
]

/** A second inbound node of the account, whose flow answers with its name. */
export const SECOND = [
  {
    ...{ id: 'second', type: '8x8-inbound', name: 'Second', account, path: '/8x8/inbound-2' },
    ...at(100, 240, [['second-text'], []]),
  },
  {
    ...{ id: 'second-text', type: 'change' },
    rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'Second here', tot: 'str' }],
    ...at(260, 240, [['reply']]),
  },
]
