import { prepareCopyButton } from '../lib/editor/copy.editor'

/** Bytes of a random value: too many to guess. */
const LENGTH = 32

/**
 * Makes the button fill in a random value and show it once, because it must be copied to 8x8 Connect
 * and the editor never gets it back.
 */
export function prepareWebhookAuthorization(): void {
  const field = $('#node-config-input-webhookAuthorization')
  const generated = $('#eight-account-generated')
  const row = generated.closest('.form-row').hide()
  prepareCopyButton($('#eight-account-copy'), generated)
  $('#eight-account-generate').on('click', () => {
    const value = `Bearer ${randomText()}`
    field.val(value).trigger('change')
    generated.val(value)
    row.show()
  })
  // The user typed another value, so the one that is shown no longer counts.
  field.on('input', () => void row.hide())
}

/** Letters, digits, - and _, which every HTTP client and form accepts. */
function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH))
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
