/** The types of what the nodes put into messages, for function nodes and tests in TypeScript. */
export type { ErrorOutput, Kind } from './lib/errors'
export type { CollectedMessage, InboundMessage, OtherMessage, User } from './lib/message/event'
export type { Selected } from './lib/message/selected'
export type { ReplyOutput } from './reply/result'
export type { Typing } from './typing-indicator/result'
