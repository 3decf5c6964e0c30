import { fieldsOf, MEDIA, type Part, textOf, textParts, webUrlOf } from './part.editor'

type Media = (typeof MEDIA)[number]

/** Whether 8x8's `type` is one of {@link MEDIA}. */
export function isMedia(type: string): type is Media {
  return MEDIA.some((media) => media === type)
}

/** The card of an image, audio, video, file or location message, and its text. */
export function readMedia(media: Media, content: Record<string, unknown>): Part[] {
  const card = media === 'location' ? readLocation(content.location) : readFile(media, content)
  return [card, ...textParts(content.text)]
}

/** A card for an address. @param facts what else is known of it */
export function fileCard(media: Media, address: unknown, name = '', facts: string[] = []): Part {
  const url = webUrlOf(address)
  const all = [media, ...(url ? [url.host] : []), ...facts]
  return {
    kind: 'media',
    media,
    name: name || nameIn(url) || textOf(address) || `(${media} without a URL)`,
    facts: all,
    ...(url && { url: url.href }),
  }
}

/** What the file at an address is, by its name. */
export function mediaAt(address: unknown): Media {
  const path = webUrlOf(address)?.pathname ?? ''
  if (/\.(jpe?g|png|gif|webp)$/i.test(path)) return 'image'
  return /\.(mp4|m4v|mpe?g|webm|3gpp?)$/i.test(path) ? 'video' : 'file'
}

/** The card of a place. */
export function readLocation(value: unknown): Part {
  const { latitude, longitude, name, address } = fieldsOf(value)
  const position = [textOf(latitude), textOf(longitude)].filter(Boolean).join(', ')
  const facts = [textOf(address), position].filter(Boolean)
  return { kind: 'media', media: 'location', name: textOf(name) || 'Location', facts }
}

function readFile(media: Media, content: Record<string, unknown>): Part {
  const { duration, filesize } = fieldsOf(content[media])
  const facts = [
    textOf(duration) && `${textOf(duration)} s`,
    textOf(filesize) && `${textOf(filesize)} bytes`,
  ]
  return fileCard(media, content.url, '', facts.filter(Boolean))
}

/** The last segment of the path. */
function nameIn(url: URL | undefined): string {
  const segment = url?.pathname.split('/').filter(Boolean).pop() ?? ''
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
