import type { NodeAPI } from 'node-red'

/** What the runtime's hooks get, as far as it is used. Node-RED's types do not know them. */
export interface Receive<Message> {
  msg: Message
  destination: { node: { id: string; type: string; _inputCallback?: unknown } }
}

export interface Send<Message> {
  msg: Message
  source: { node: { type: string } }
}

export interface Complete<Message> {
  msg: Message
  error?: Error
  node: { node: { type: string } }
}

/** The runtime, with its hooks. */
export interface Runtime extends Omit<NodeAPI, 'hooks'> {
  hooks: { add(name: string, hook: (event: never) => void): void }
}
