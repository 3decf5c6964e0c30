/** What happened to one message at one node. */
export interface MessageCount {
  received: number
  /** Of each output: `sent`, `active` or another state, or the kind of an error. */
  outputs: string[]
  completions: number
  /** What `msg.error` says of a reply that 8x8 may have taken. */
  maybeSent?: boolean
}

/** What the driver counted in the Node-RED under test, by umid. */
export interface ConversationFigures {
  /** Messages that left the inbound node. */
  inbound: Record<string, number>
  typing: Record<string, MessageCount>
  reply: Record<string, MessageCount>
  /** The umids in the order in which they came to the reply node. */
  arrivals: string[]
  /** Replies with an outcome. */
  ended: number
}
