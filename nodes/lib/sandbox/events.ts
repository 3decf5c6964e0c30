import type { ConversationKey } from './conversations'
import type { SandboxRequest } from './handler'
import type { ConversationMessage } from './message'

/** Events of a sandbox, each with one argument. */
export interface SandboxEvents {
  /** Answered, or cut by either side. */
  request: [SandboxRequest]
  /** A message of the customer, or a reply of the brand. */
  message: [{ key: ConversationKey; message: ConversationMessage }]
  /** Dots shown until (epoch ms); undefined: taken down by a reply. Expiry has no event. */
  typing: [{ key: ConversationKey; umid: string; until: number | undefined }]
}
