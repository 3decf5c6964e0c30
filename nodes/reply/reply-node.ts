import type { Node, NodeAPI } from 'node-red'
import { emptyToUndefined } from '../lib/message/fields'
import { AccountLookup } from '../lib/node-red/account-lookup'
import { compileProperties } from '../lib/node-red/message-properties'
import { createNodeAdapter } from '../lib/node-red/node-adapter'
import { Output } from '../lib/node-red/output'
import { check, oneOf } from '../lib/node-red/validate'
import { wireNode } from '../lib/node-red/wire-node'
import { REPLY_DEFAULTS, type ReplyDef, type ReplyOptions, TYPING } from './options'
import { Replier, toStatus } from './replier'
import { FIELDS } from './reply-message'

const typing = oneOf('property Typing', TYPING)

/** Connects a node to its replier, or makes every message fail with the reason it cannot. */
export function setUpReply(RED: NodeAPI, node: Node, config: ReplyDef): void {
  const options: ReplyOptions = { ...REPLY_DEFAULTS, ...config }
  const account = new AccountLookup(RED, options.account)
  const output = new Output(createNodeAdapter(RED, node), { property: 'reply', toStatus })
  wireNode(node, output, account, () => {
    const properties = compileProperties(RED, node, options, FIELDS, FIELDS, account.redact)
    const settings = {
      typing: check('typing', typing, options.typing),
      quote: options.quote === true,
      anyChannel: emptyToUndefined(options.channel) === undefined,
    }
    return new Replier({ connect: () => account.connect(), properties, settings, output })
  })
}
