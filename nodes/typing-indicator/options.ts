/** The properties of an `8x8-typing-indicator`, as the editor stores them. */
export interface TypingIndicatorOptions {
  name: string
  /** Id of an `8x8-account` node. */
  account: string
  umid: string
  umidType: string
  channel: string
  channelType: string
  /** Blank: that of the webhook or of the account. */
  subAccountId: string
  subAccountIdType: string
  /** When the inbound message arrived; blank: unknown. */
  receivedAt: string
  receivedAtType: string
  /** What a channel without typing indicators does: output 2, or output 1 with nothing sent. */
  unsupported: 'error' | 'pass'
}

/** What a new node starts with, and what a property that is not stored counts as. */
export const TYPING_INDICATOR_DEFAULTS: TypingIndicatorOptions = {
  name: '',
  account: '',
  umid: 'umid',
  umidType: 'msg',
  channel: 'channel',
  channelType: 'msg',
  subAccountId: '',
  subAccountIdType: 'str',
  receivedAt: 'receivedAt',
  receivedAtType: 'msg',
  unsupported: 'error',
}
