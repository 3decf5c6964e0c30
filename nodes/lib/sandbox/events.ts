import type { ConversationKey } from './conversations'
import type { SandboxRequest } from './handler'
import type { ConversationMessage, ReceiptState } from './message'
import type { ReceiptWebhook } from './webhook'

/** Events of a sandbox, each with one argument. */
export interface SandboxEvents {
  /** Answered, or cut by either side. */
  request: [SandboxRequest]
  /** A message of the customer, or a reply of the business. */
  message: [{ key: ConversationKey; message: ConversationMessage }]
  /** Dots shown until (epoch ms); undefined: taken down by a reply. Expiry has no event. */
  typing: [{ key: ConversationKey; umid: string; until: number | undefined }]
  /** How far a message of the business has come; the webhook is of version 3. */
  receipt: [{ key: ConversationKey; umid: string; state: ReceiptState; webhook: ReceiptWebhook }]
  /** The messages and dots of a phone were dropped. */
  clear: [{ key: ConversationKey }]
}
