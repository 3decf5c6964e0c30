import { z } from 'zod'
import { UMID } from '../api'

/** Characters of a text, by 8x8's schema. */
const MAX_TEXT = 35_000

/** Levels of objects and arrays in a content; our choice: 8x8's schemas have about ten. */
const MAX_DEPTH = 32

/** Channels as `channels` names them (8x8 doc). */
const REPLY_CHANNELS = [
  'SMS',
  'WhatsApp',
  'RCS',
  'Viber',
  'Line',
  'Zalo',
  'Facebook',
  'WeChat',
  'Instagram',
] as const

/** A business-scoped user id: a country and an id (8x8 doc); at most 128 characters (Meta doc). */
const channelUserId = z.string().regex(/^[A-Z]{2}\.[A-Za-z0-9]{1,128}$/)

/** Whom a reply is for. 8x8 takes `msisdn` where several are there. */
const user = z
  .object({
    msisdn: z.string().optional(),
    channelUserId: z.string().optional(),
    lineUserId: z.string().min(1).max(100).optional(),
  })
  .superRefine((value, { addIssue }) => {
    if (value.msisdn !== undefined || value.lineUserId !== undefined) return
    if (value.channelUserId === undefined) {
      const message = 'one of msisdn, channelUserId and lineUserId is required'
      addIssue({ code: 'custom', path: ['msisdn'], message })
    } else if (!channelUserId.safeParse(value.channelUserId).success) {
      const message = 'expected <country>.<alphanumeric>'
      addIssue({ code: 'custom', path: ['channelUserId'], message })
    }
  })

const text = z.string().min(1).max(MAX_TEXT)
const media = z.looseObject({ url: z.url(), text: text.optional() })

/** Required fields of each content by 8x8's schema; what else it has is not checked. */
const CONTENTS = {
  text: z.looseObject({ text, suggestions: z.array(z.looseObject({})).max(10).optional() }),
  image: media,
  audio: media,
  video: media,
  file: media,
  location: z.looseObject({
    location: z.looseObject({ latitude: z.number(), longitude: z.number() }),
  }),
  interactive: z.looseObject({
    interactive: z.looseObject({ type: z.string().min(1), action: z.looseObject({}) }),
  }),
  template: z.looseObject({ template: z.looseObject({}) }),
  carousel: z.looseObject({
    carousel: z.looseObject({
      cardWidth: z.enum(['small', 'medium']),
      cards: z
        .array(z.looseObject({ media: z.looseObject({}) }))
        .min(2)
        .max(10),
    }),
  }),
  richCard: z.looseObject({
    richCard: z.looseObject({
      cardOrientation: z.enum(['horizontal', 'vertical']),
      media: z.looseObject({}),
    }),
  }),
}

/** 8x8's `type` of a message to a customer. */
export type ReplyType = keyof typeof CONTENTS

/** The body of a messages request, as far as 8x8 documents it (8x8 doc, and its OpenAPI description). */
export const messagesBody = z
  .object({
    user,
    type: z.enum(Object.keys(CONTENTS) as [ReplyType, ...ReplyType[]]),
    content: z.looseObject({}),
    clientMessageId: z.string().max(50).optional(),
    context: z.object({ umid: z.string().regex(UMID) }).optional(),
    channels: z
      .array(
        z.object({
          channel: z.enum(REPLY_CHANNELS),
          fallbackAfter: z.int().min(10).max(86_400).optional(),
          successStatus: z.enum(['Accepted', 'Sent', 'Delivered', 'Read']).optional(),
        }),
      )
      .optional(),
  })
  .superRefine(({ type, content }, { addIssue }) => {
    if (isDeeperThan(content, MAX_DEPTH)) {
      addIssue({ code: 'custom', path: ['content'], message: 'nested too deeply' })
      return
    }
    const [issue] = CONTENTS[type].safeParse(content).error?.issues ?? []
    if (!issue) return
    addIssue({ code: 'custom', path: ['content', ...issue.path], message: issue.message })
  })

/** What {@link messagesBody} describes. */
export type MessagesBody = z.infer<typeof messagesBody>

/** JSON.stringify cannot write what is nested thousands of levels deep. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1))
}
