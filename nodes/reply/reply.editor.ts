import { CHANNELS, MSISDN, SUB_ACCOUNT_ID, UMID } from '../lib/api'
import { cleanChannel, cleanText, cleanUmid } from '../lib/clean'
import { fillIn, keepReference } from '../lib/editor/dialog.editor'
import { prepareSections } from '../lib/editor/sections.editor'
import { channelTypes, SOURCES, TEXT_FIRST, TypedInputs } from '../lib/editor/typed-input.editor'
import { text } from '../lib/editor/validate.editor'
import { REPLY_DEFAULTS, type ReplyOptions, TYPING } from './options'

/** The channels of 8x8 on which a customer can be answered, as webhooks name them. */
const REPLY_CHANNELS: readonly string[] = [...CHANNELS, 'sms', 'viber', 'line']

const inputs = new TypedInputs(
  {
    content: {
      types: ['msg', 'flow', 'global', 'str', 'json', 'env', 'jsonata'],
      clean: (text) => text,
      isFine: () => true,
    },
    to: {
      types: ['msg', 'flow', 'global', 'str', 'json', 'env', 'jsonata'],
      clean: cleanText,
      isFine: (text) => MSISDN.test(text),
      optional: true,
    },
    channel: {
      clean: cleanChannel,
      isFine: (text) => REPLY_CHANNELS.includes(text),
      optional: true,
    },
    subAccountId: {
      types: [...TEXT_FIRST],
      clean: cleanText,
      isFine: (text) => SUB_ACCOUNT_ID.test(text),
      optional: true,
    },
    umid: {
      types: [...SOURCES],
      clean: cleanUmid,
      isFine: (text) => UMID.test(text),
      optional: true,
    },
  },
  REPLY_DEFAULTS as ReplyOptions,
)

RED.nodes.registerType<ReplyOptions>('8x8-reply', {
  category: '8x8',
  color: '#7CC7B9',
  icon: 'reply.svg',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: REPLY_DEFAULTS.name },
    account: {
      value: REPLY_DEFAULTS.account,
      type: '8x8-account',
      required: true,
      label: RED._('@nr-8x8/node-red-typing-indicator/reply:label.account'),
    },
    content: { value: REPLY_DEFAULTS.content, validate: inputs.validator('content') },
    contentType: { value: REPLY_DEFAULTS.contentType },
    to: { value: REPLY_DEFAULTS.to, validate: inputs.validator('to') },
    toType: { value: REPLY_DEFAULTS.toType },
    channel: { value: REPLY_DEFAULTS.channel, validate: inputs.validator('channel') },
    channelType: { value: REPLY_DEFAULTS.channelType },
    subAccountId: {
      value: REPLY_DEFAULTS.subAccountId,
      validate: inputs.validator('subAccountId'),
    },
    subAccountIdType: { value: REPLY_DEFAULTS.subAccountIdType },
    umid: { value: REPLY_DEFAULTS.umid, validate: inputs.validator('umid') },
    umidType: { value: REPLY_DEFAULTS.umidType },
    quote: { value: REPLY_DEFAULTS.quote },
    typing: {
      value: REPLY_DEFAULTS.typing,
      validate: text('typing', (typing) => TYPING.some((known) => known === typing), 'stop'),
    },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    return this.name || this._(this.typing === 'keep' ? 'node.keep' : 'node.reply')
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : ''
  },
  outputLabels(index) {
    return this._(index === 0 ? 'output.success' : 'output.error')
  },
  oneditprepare() {
    fillIn<ReplyOptions>(this, REPLY_DEFAULTS, 'node-input')
    keepReference($('#node-input-typing'), this.typing)
    inputs.prepare({ channel: channelTypes(this, REPLY_CHANNELS) })
    prepareSections<ReplyOptions>(this, REPLY_DEFAULTS, 'node-input')
  },
  oneditsave() {
    inputs.clean()
  },
})
