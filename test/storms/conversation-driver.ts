/**
 * Counts in the Node-RED under test, by hooks of the runtime, what the three nodes of a conversation
 * do with each message.
 */

import type { NodeMessage } from 'node-red'
import type { ConversationFigures, MessageCount } from './conversation-figures'
import type { Complete, Receive, Runtime, Send } from './hooks'

interface Message extends NodeMessage {
  umid: string
  typing?: { state: string }
  reply?: { state?: string }
  error?: { kind: string; maybeSent?: boolean }
}

const figures: ConversationFigures = { inbound: {}, typing: {}, reply: {}, arrivals: [], ended: 0 }

export default function register(RED: Runtime): void {
  RED.hooks.add('onReceive.storm', ({ msg, destination }: Receive<Message>) => {
    const { id, type } = destination.node
    const count = countOf(type, msg)
    if (count) count.received++
    if (id === 'plan') figures.inbound[msg.umid] = (figures.inbound[msg.umid] ?? 0) + 1
    if (type === '8x8-reply') figures.arrivals.push(msg.umid)
  })
  RED.hooks.add('onSend.storm', (events: Send<Message>[]) => {
    for (const { msg, source } of events) {
      const { type } = source.node
      const count = countOf(type, msg)
      // A session that ends later sends a message of its own.
      if (!count || (type === '8x8-typing-indicator' && count.completions > 0)) continue
      const { error, typing, reply } = msg
      const result = type === '8x8-reply' ? reply && 'sent' : typing?.state
      count.outputs.push(error?.kind ?? result ?? 'nothing')
      if (error?.maybeSent) count.maybeSent = true
    }
  })
  RED.hooks.add('onComplete.storm', ({ msg, error, node }: Complete<Message>) => {
    const { type } = node.node
    const count = countOf(type, msg)
    if (!count) return
    count.completions++
    if (error) count.outputs.push(`done: ${error.message}`)
    if (type === '8x8-reply') figures.ended++
  })
  RED.httpNode.get('/storm/ended', (_request, response) => response.json(figures.ended))
  RED.httpNode.get('/storm/figures', (_request, response) => response.json(figures))
}

function countOf(type: string, { umid }: Message): MessageCount | undefined {
  const counts = { '8x8-typing-indicator': figures.typing, '8x8-reply': figures.reply }[type]
  if (!counts) return undefined
  counts[umid] ??= { received: 0, outputs: [], completions: 0 }
  return counts[umid]
}
