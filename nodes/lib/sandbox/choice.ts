/** What a customer pressed in a message of the business. */
export interface Choice {
  kind: 'button' | 'row' | 'suggestion' | 'quick-reply'
  /** The id, payload or postback data that the business gave it. */
  id: string
  title: string
  /** Of a row, where it has one. */
  description?: string
}

/**
 * The `content` of the inbound message that a choice comes in as; its type is `Interactive`. How 8x8
 * writes it is not documented: this is our reading, of the forms of WhatsApp and Google that 8x8 may
 * pass on. `lib/message/selected.ts` reads all of them.
 */
export function contentOf({ kind, id, title, description }: Choice): Record<string, unknown> {
  switch (kind) {
    case 'button':
      return { interactive: { type: 'button_reply', button_reply: { id, title } } }
    case 'row': {
      const row = { id, title, ...(description !== undefined && { description }) }
      return { interactive: { type: 'list_reply', list_reply: row } }
    }
    case 'suggestion':
      return { text: title, postbackData: id }
    case 'quick-reply':
      return { text: title, payload: id }
  }
}
