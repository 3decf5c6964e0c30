/**
 * What a message is made of on the phone. Plain data, without the DOM: the read-*.editor.ts files make
 * it of 8x8's `content`, and part-view.editor.ts shows it.
 */
import type { PhoneChoice } from '../state'

/** What the customer may press. */
export interface Choice extends Omit<PhoneChoice, 'umid'> {
  /** What else happens on a real phone, e.g. that it dials. */
  hint?: string
  /** What a real phone opens. */
  url?: string
}

/** Kinds of media of 8x8. */
export const MEDIA = ['image', 'audio', 'video', 'file', 'location'] as const

/** A piece of a message; texts as the flow wrote them. */
export type Part =
  | { kind: 'text'; text: string; role?: 'title' | 'footer' }
  | { kind: 'media'; media: (typeof MEDIA)[number]; name: string; facts: string[]; url?: string }
  | { kind: 'choices'; choices: Choice[] }
  | { kind: 'list'; label: string; sections: { title: string; rows: Choice[] }[] }
  | { kind: 'link'; label: string; url: string }
  | { kind: 'carousel'; cards: Part[][] }
  | { kind: 'json'; summary: string; value: unknown }

/** The fields of an object; none for anything else. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The items of a list, as objects. */
export function itemsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}

/** A text or number as text; '' for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : ''
}

/** A text part; none without a text. */
export function textParts(value: unknown, role?: 'title' | 'footer'): Part[] {
  const text = textOf(value)
  return text.trim() ? [{ kind: 'text', text, ...(role && { role }) }] : []
}

/** A part with choices; none without choices. */
export function choiceParts(choices: Choice[]): Part[] {
  return choices.length > 0 ? [{ kind: 'choices', choices }] : []
}

/** The address that a link may open; undefined for anything but http and https. */
export function webUrlOf(value: unknown): URL | undefined {
  try {
    const url = new URL(textOf(value))
    return /^https?:$/.test(url.protocol) ? url : undefined
  } catch {
    return undefined
  }
}
